// SPDX-License-Identifier: GPL-2.0-only
//
// Attributes of one word: from a field and a cell to a place in the arena. Glue only.
#include "glue.h"

// Where the field of a cell lies. Returns 0, or -1 with an error set if that is not in the arena.
int field_place(const struct field *f, const struct cell *c, uint64_t *off)
{
	size_t size = (size_t)f->nr * 8;

	*off = (uint64_t)(c->offset + f->offset);
	if (__builtin_expect(*off < T.size && size <= T.size - *off, 1))
		return 0;
	if (T.hdr)
		PyErr_Format(machine_bug, "%R is outside the arena", c);
	else
		glue_raise(TURN_OVER);
	return -1;
}

// Let a detector look at what was stored. Its reads are no scheduling points.
int field_probe(struct field *f, struct cell *c, PyObject *old, PyObject *value)
{
	bool before = T.quiet;
	PyObject *result;

	T.quiet = true;
	result = PyObject_CallFunctionObjArgs(f->probe, (PyObject *)c, old, value, NULL);
	T.quiet = before;
	Py_XDECREF(result);
	return result ? 0 : -1;
}

// ---- plain and once

PyObject *field_plain_get(PyObject *self, PyObject *obj, PyObject *type)
{
	struct field *f = (struct field *)self;
	uint64_t off;
	int err;

	(void)type;
	if (!field_is_cell(obj))
		return Py_NewRef(self);
	if (field_place(f, (struct cell *)obj, &off))
		return NULL;
	if (T.fine) {
		err = field_plain_point(off, f->points, false);
		if (err)
			return glue_raise(err), NULL;
	}
	return kind_to_py(f->kind, atomic_load_explicit(word_at(off), memory_order_relaxed));
}

PyObject *field_once_get(PyObject *self, PyObject *obj, PyObject *type)
{
	struct field *f = (struct field *)self;
	uint64_t word, off;
	int err;

	(void)type;
	if (!field_is_cell(obj))
		return Py_NewRef(self);
	if (field_place(f, (struct cell *)obj, &off))
		return NULL;
	err = field_load(off, f->points, &word);
	if (err)
		return glue_raise(err), NULL;
	return kind_to_py(f->kind, word);
}

static int word_set(struct field *f, PyObject *obj, PyObject *value, bool once)
{
	struct cell *c = (struct cell *)obj;
	uint64_t word, off, before;
	PyObject *old;
	int err = 0;

	if (!value || !field_is_cell(obj)) {
		PyErr_SetString(PyExc_AttributeError, "a field cannot be deleted");
		return -1;
	}
	if (kind_from_py(f->kind, value, &word))
		return -1;
	if (!T.active)
		return glue_raise(TURN_OVER);
	if (field_place(f, c, &off))
		return -1;
	if (!once && T.fine)
		err = field_plain_point(off, f->points, true);
	if (err)
		return glue_raise(err);
	before = *word_at(off);
	if (once)
		err = field_store(off, f->points, word, &before);
	else
		atomic_store_explicit(word_at(off), word, memory_order_relaxed);
	if (err)
		return glue_raise(err);
	if (!has_probe(f))
		return 0;
	old = kind_to_py(f->kind, before);
	err = old ? field_probe(f, c, old, value) : -1;
	Py_XDECREF(old);
	return err;
}

int field_plain_set(PyObject *self, PyObject *obj, PyObject *value)
{
	return word_set((struct field *)self, obj, value, false);
}

int field_once_set(PyObject *self, PyObject *obj, PyObject *value)
{
	return word_set((struct field *)self, obj, value, true);
}

struct cell *field_arg_cell(PyObject *arg)
{
	if (field_is_cell(arg))
		return (struct cell *)arg;
	PyErr_SetString(PyExc_TypeError, "a cell is needed");
	return NULL;
}

PyObject *field_word_peek(PyObject *self, PyObject *arg)
{
	struct field *f = (struct field *)self;
	struct cell *c = field_arg_cell(arg);
	uint64_t word, off;

	if (!c || field_place(f, c, &off))
		return NULL;
	word = *word_at(off);
	return f->kind ? kind_to_py(f->kind, word) : PyLong_FromUnsignedLongLong(word);
}

PyObject *field_once_wait_while(PyObject *self, PyObject *args)
{
	struct field *f = (struct field *)self;
	PyObject *obj, *value;
	uint64_t word, off, seen = 0;
	struct cell *c;
	int err;

	if (!PyArg_ParseTuple(args, "OO", &obj, &value) || !(c = field_arg_cell(obj)) ||
	    kind_from_py(f->kind, value, &word) || field_place(f, c, &off))
		return NULL;
	err = field_wait_while(off, f->points, word, &seen);
	if (err)
		return glue_raise(err), NULL;
	return kind_to_py(f->kind, seen);
}

// ---- views: atomics, locks, arrays, masks

static PyObject *get_view(PyTypeObject *type, PyObject *self, PyObject *obj)
{
	struct field *f = (struct field *)self;
	struct cell *c = (struct cell *)obj;
	uint64_t off;

	if (!field_is_cell(obj))
		return Py_NewRef(self);
	off = (uint64_t)(c->offset + f->offset);
	if (T.hdr && field_place(f, c, &off))
		return NULL;
	return view_new(type, off, f, c);	// May be made before there is an arena.
}

#define VIEW_GET(name, view_type)                                                       \
	PyObject *name(PyObject *self, PyObject *obj, PyObject *type)                   \
	{                                                                               \
		(void)type;                                                             \
		return get_view(&view_type, self, obj);                                 \
	}
VIEW_GET(field_atomic_get, word_type)
VIEW_GET(field_lock_get, lock_ref_type)
VIEW_GET(field_array_get, words_type)
VIEW_GET(field_atomic_array_get, atomic_words_type)
VIEW_GET(field_atomic_mask_get, mask_type)

PyObject *field_lock_peek(PyObject *self, PyObject *arg)
{
	struct cell *c = field_arg_cell(arg);
	uint64_t off;
	int32_t owner;

	if (!c || field_place((struct field *)self, c, &off))
		return NULL;
	owner = lock_owner(off);
	if (owner < 0)
		Py_RETURN_NONE;
	return PyLong_FromLong(owner);
}
