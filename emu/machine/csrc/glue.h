// SPDX-License-Identifier: GPL-2.0-only
//
// What the Python glue files share: objects, conversions, errors.
#ifndef SCXEMU_GLUE_H
#define SCXEMU_GLUE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "machine.h"

enum kind_code { KIND_U64, KIND_U32, KIND_S64, KIND_BOOL, KIND_REF };

struct kind {
	PyObject_HEAD
	enum kind_code code;
	PyObject *table;	// Owned; a list of cells. Only for references.
	PyObject *name;
};

struct cell {
	PyObject_HEAD
	Py_ssize_t index, offset;
};

struct field {
	PyObject_HEAD
	Py_ssize_t offset, nr, nr_bytes;
	uint32_t points;
	bool once;
	struct kind *kind;	// Owned; NULL where the words are only numbers.
	PyObject *name, *probe;	// Owned; NULL means none.
};

// A place in memory made by reading an attribute: a word, lock, mask or array.
struct view {
	PyObject_HEAD
	uint64_t off;
	struct field *field;	// Owned; NULL for the scratch words.
	struct cell *cell;	// Owned.
};

extern PyTypeObject cell_type, kind_type, ref_type;
extern PyTypeObject word_type, lock_ref_type, mask_type, words_type, atomic_words_type;
extern PyObject *run_over, *machine_bug;

// descr.c
int descr_add_types(PyObject *module);
PyObject *kind_to_py(const struct kind *kind, uint64_t word);
int kind_from_py(const struct kind *kind, PyObject *value, uint64_t *word);

// field_types.c
int field_add_types(PyObject *module);

// access.c: what the descriptor types do with one word.
static inline bool field_is_cell(PyObject *obj)
{
	return obj && obj != Py_None && PyObject_TypeCheck(obj, &cell_type);
}

int field_place(const struct field *f, const struct cell *c, uint64_t *off);
int field_probe(struct field *f, struct cell *c, PyObject *old, PyObject *value);
struct cell *field_arg_cell(PyObject *arg);	// NULL with an error set if it is none.
PyObject *field_plain_get(PyObject *self, PyObject *obj, PyObject *type);
PyObject *field_once_get(PyObject *self, PyObject *obj, PyObject *type);
PyObject *field_atomic_get(PyObject *self, PyObject *obj, PyObject *type);
PyObject *field_lock_get(PyObject *self, PyObject *obj, PyObject *type);
PyObject *field_array_get(PyObject *self, PyObject *obj, PyObject *type);
PyObject *field_atomic_array_get(PyObject *self, PyObject *obj, PyObject *type);
PyObject *field_atomic_mask_get(PyObject *self, PyObject *obj, PyObject *type);
int field_plain_set(PyObject *self, PyObject *obj, PyObject *value);
int field_once_set(PyObject *self, PyObject *obj, PyObject *value);
PyObject *field_word_peek(PyObject *self, PyObject *cell);
PyObject *field_lock_peek(PyObject *self, PyObject *cell);
PyObject *field_once_wait_while(PyObject *self, PyObject *args);

// wide.c: and with several.
PyObject *field_array_peek(PyObject *self, PyObject *cell);
PyObject *field_mask_get(PyObject *self, PyObject *obj, PyObject *type);
int field_mask_set(PyObject *self, PyObject *obj, PyObject *value);
PyObject *field_mask_peek(PyObject *self, PyObject *cell);
PyObject *field_bytes_get(PyObject *self, PyObject *obj, PyObject *type);
int field_bytes_set(PyObject *self, PyObject *obj, PyObject *value);

static inline bool has_probe(const struct field *f)
{
	return f->probe && f->probe != Py_None;
}

// word.c
int word_add_types(PyObject *module);
PyObject *view_new(PyTypeObject *type, uint64_t off, struct field *f, struct cell *c);
void view_dealloc(PyObject *self);

static inline uint32_t points_of(const struct view *v)
{
	return v->field ? v->field->points : POINT_OTHER;
}

#define VIEW_TYPE(var, cname, dealloc, ...)                                             \
	PyTypeObject var = {                                                            \
		PyVarObject_HEAD_INIT(NULL, 0)                                          \
		.tp_name = "emu.machine._machine." cname,                               \
		.tp_basicsize = sizeof(struct view),                                    \
		.tp_dealloc = dealloc, .tp_flags = Py_TPFLAGS_DEFAULT, __VA_ARGS__      \
	}

// array.c
PyObject *mask_to_py(const uint64_t *words);
int mask_from_py(PyObject *value, uint64_t *words);

// report.c
int report_add(PyObject *module);

// plan.c
int run_add(PyObject *module);

// devices.c
int devices_add(PyObject *module);

// module.c
int glue_raise(int err);	// Turns a TURN_* or -errno into a Python error; returns -1.
PyObject *none_or_raise(int err);
int not_attached(void);		// 0, or -1 with an error set. The same for the next.
int not_taking_part(void);
struct row *row_of(long who);	// NULL with an error set if there is no such participant.
struct row *row_arg(PyObject *who);

static inline uint32_t who_is(const struct row *r)
{
	return (uint32_t)(r - T.rows);
}

#define FN(name, flags) { #name, (PyCFunction)(void (*)(void))m_##name, flags, NULL }

#endif
