// SPDX-License-Identifier: GPL-2.0-only
//
// Views: the Python objects that instructions are called on; and those of single words.
#include "glue.h"

#define NR_FREE 16

static struct view *free_views[NR_FREE];
static int nr_free;

PyObject *view_new(PyTypeObject *type, uint64_t off, struct field *f, struct cell *c)
{
	struct view *v;

	if (nr_free > 0) {
		v = free_views[--nr_free];
		PyObject_Init((PyObject *)v, type);
	} else {
		v = PyObject_New(struct view, type);
		if (!v)
			return NULL;
	}
	v->off = off;
	v->field = (struct field *)Py_XNewRef(f);
	v->cell = (struct cell *)Py_XNewRef(c);
	return (PyObject *)v;
}

void view_dealloc(PyObject *self)
{
	struct view *v = (struct view *)self;

	Py_CLEAR(v->field);
	Py_CLEAR(v->cell);
	if (nr_free < NR_FREE)
		free_views[nr_free++] = v;
	else
		PyObject_Free(v);
}

static PyObject *seen_or_raise(int err, uint64_t seen)
{
	if (err)
		return glue_raise(err), NULL;
	return PyLong_FromUnsignedLongLong(seen);
}

static int to_word(PyObject *arg, uint64_t *word)
{
	if (!PyLong_Check(arg)) {
		PyErr_Format(PyExc_TypeError, "an int is needed, not %R", arg);
		return -1;
	}
	*word = PyLong_AsUnsignedLongLongMask(arg);
	return PyErr_Occurred() ? -1 : 0;
}

// Run the probe of an atomic store, if there is one. `ok`: the store took place.
static int stored(struct view *v, bool ok, uint64_t old, uint64_t new)
{
	PyObject *a, *b;
	int err;

	if (!ok || !v->field || !has_probe(v->field))
		return 0;
	a = PyLong_FromUnsignedLongLong(old);
	b = PyLong_FromUnsignedLongLong(new);
	err = a && b ? field_probe(v->field, v->cell, a, b) : -1;
	Py_XDECREF(a);
	Py_XDECREF(b);
	return err;
}

static PyObject *word_load(PyObject *self, PyObject *unused)
{
	struct view *v = (struct view *)self;
	uint64_t seen = 0;
	int err = field_load(v->off, points_of(v), &seen);

	(void)unused;
	return seen_or_raise(err, seen);
}

static PyObject *word_store(PyObject *self, PyObject *arg)
{
	struct view *v = (struct view *)self;
	uint64_t word, before = 0;
	int err;

	if (to_word(arg, &word))
		return NULL;
	err = field_store(v->off, points_of(v), word, &before);
	if (err)
		return glue_raise(err), NULL;
	if (stored(v, true, before, word))
		return NULL;
	Py_RETURN_NONE;
}

static PyObject *word_cmpxchg(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
	struct view *v = (struct view *)self;
	uint64_t old, new, seen = 0;
	int err;

	if (nargs != 2)
		return PyErr_Format(PyExc_TypeError, "cmpxchg(old, new)");
	if (to_word(args[0], &old) || to_word(args[1], &new))
		return NULL;
	err = field_cmpxchg(v->off, points_of(v), old, new, &seen);
	if (!err && stored(v, seen == old, old, new))
		return NULL;
	return seen_or_raise(err, seen);
}

typedef int (*rmw_fn)(uint64_t off, uint32_t points, uint64_t arg, uint64_t *seen);

static PyObject *rmw(PyObject *self, PyObject *arg, rmw_fn fn)
{
	struct view *v = (struct view *)self;
	uint64_t word, seen = 0;
	int err;

	if (to_word(arg, &word))
		return NULL;
	err = fn(v->off, points_of(v), word, &seen);
	if (!err && stored(v, true, seen, *word_at(v->off)))
		return NULL;
	return seen_or_raise(err, seen);
}

#define RMW(name, fn)                                                                   \
	static PyObject *name(PyObject *self, PyObject *arg)                            \
	{                                                                               \
		return rmw(self, arg, fn);                                              \
	}
RMW(word_xchg, field_xchg)
RMW(word_add, field_add)
RMW(word_or, field_or)
RMW(word_and, field_and)

static PyObject *word_wait_while(PyObject *self, PyObject *arg)
{
	struct view *v = (struct view *)self;
	uint64_t word, seen = 0;
	int err;

	if (to_word(arg, &word))
		return NULL;
	err = field_wait_while(v->off, points_of(v), word, &seen);
	return seen_or_raise(err, seen);
}

static PyMethodDef word_methods[] = {
	{ "load", word_load, METH_NOARGS, NULL },
	{ "load_acquire", word_load, METH_NOARGS, NULL },
	{ "store", word_store, METH_O, NULL },
	{ "store_release", word_store, METH_O, NULL },
	{ "cmpxchg", (PyCFunction)(void (*)(void))word_cmpxchg, METH_FASTCALL, NULL },
	{ "xchg", word_xchg, METH_O, NULL },
	{ "fetch_add", word_add, METH_O, NULL },
	{ "fetch_or", word_or, METH_O, NULL },
	{ "fetch_and", word_and, METH_O, NULL },
	{ "wait_while", word_wait_while, METH_O, NULL },
	{ 0 },
};

VIEW_TYPE(word_type, "Word", view_dealloc, .tp_methods = word_methods);

int word_add_types(PyObject *module)
{
	return PyModule_AddType(module, &word_type) || PyModule_AddType(module, &lock_ref_type) ||
	       PyModule_AddType(module, &mask_type) || PyModule_AddType(module, &words_type) ||
	       PyModule_AddType(module, &atomic_words_type) ? -1 : 0;
}
