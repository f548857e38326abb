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
PyObject *lock_name(const struct field *f, const struct cell *c);
static inline bool has_probe(const struct field *f)
{
	return f->probe && f->probe != Py_None;
}

int field_probe(struct field *f, struct cell *c, PyObject *old, PyObject *value);

// word.c
int word_add_types(PyObject *module);
PyObject *view_new(PyTypeObject *type, uint64_t off, struct field *f, struct cell *c);
PyObject *mask_to_py(const uint64_t *words);
int mask_from_py(PyObject *value, uint64_t *words);

// report.c
int report_add(PyObject *module);

// module.c
int glue_raise(int err);	// Turns a TURN_* or -errno into a Python error; returns -1.

#endif
