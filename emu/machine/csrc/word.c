// SPDX-License-Identifier: GPL-2.0-only
//
// Views: the Python objects that atomic instructions, locks, masks and arrays are called on.
#include "glue.h"

#include <errno.h>
#include <string.h>

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

static void view_dealloc(PyObject *self)
{
	struct view *v = (struct view *)self;

	Py_CLEAR(v->field);
	Py_CLEAR(v->cell);
	if (nr_free < NR_FREE)
		free_views[nr_free++] = v;
	else
		PyObject_Free(v);
}

static uint32_t points_of(const struct view *v)
{
	return v->field ? v->field->points : POINT_OTHER;
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

// ---- word

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
	uint64_t word, before = *word_at(v->off);
	int err;

	if (to_word(arg, &word))
		return NULL;
	err = field_store(v->off, points_of(v), word);
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

// ---- lock

static PyObject *lock_refused(struct view *v, const char *what)
{
	PyObject *name = lock_name(v->field, v->cell);
	int32_t owner = lock_owner(v->off);

	if (name && owner < 0)
		PyErr_Format(machine_bug, "%s %U: nobody holds it", what, name);
	else if (name)
		PyErr_Format(machine_bug, "%s %U: participant %d holds it, this is %d", what, name,
			     (int)owner, (int)T.me);
	Py_XDECREF(name);
	return NULL;
}

static int do_lock(struct view *v)
{
	int err = lock_take(v->off, points_of(v));

	if (err == -EDEADLK || err == -EBUSY)
		lock_refused(v, "cannot take");
	else if (err)
		glue_raise(err);
	return err ? -1 : 0;
}

static int do_unlock(struct view *v)
{
	int err;

	if (has_probe(v->field) && T.active && lock_owner(v->off) == T.me) {
		bool before = T.quiet;
		PyObject *result;

		T.quiet = true;
		result = PyObject_CallOneArg(v->field->probe, (PyObject *)v->cell);
		T.quiet = before;
		if (!result)
			return -1;
		Py_DECREF(result);
	}
	err = lock_release(v->off, points_of(v));
	if (err == -EPERM)
		lock_refused(v, "cannot release");
	else if (err)
		glue_raise(err);
	return err ? -1 : 0;
}

static PyObject *lock_lock(PyObject *self, PyObject *unused)
{
	(void)unused;
	if (do_lock((struct view *)self))
		return NULL;
	Py_RETURN_NONE;
}

static PyObject *lock_enter(PyObject *self, PyObject *unused)
{
	(void)unused;
	return do_lock((struct view *)self) ? NULL : Py_NewRef(self);
}

static PyObject *lock_unlock(PyObject *self, PyObject *unused)
{
	(void)unused;
	if (do_unlock((struct view *)self))
		return NULL;
	Py_RETURN_NONE;
}

static PyObject *lock_exit(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
	// After an error the lock may be released already by the code that failed.
	bool failed = nargs > 0 && args[0] != Py_None;

	if (failed && lock_owner(((struct view *)self)->off) != T.me)
		Py_RETURN_FALSE;
	if (do_unlock((struct view *)self))
		return NULL;
	Py_RETURN_FALSE;
}

static PyObject *lock_trylock(PyObject *self, PyObject *unused)
{
	struct view *v = (struct view *)self;
	bool got;
	int err = lock_try(v->off, points_of(v), &got);

	(void)unused;
	if (err)
		return glue_raise(err), NULL;
	return PyBool_FromLong(got);
}

static PyObject *lock_get_owner(PyObject *self, PyObject *unused)
{
	int32_t owner = lock_owner(((struct view *)self)->off);

	(void)unused;
	if (owner < 0)
		Py_RETURN_NONE;
	return PyLong_FromLong(owner);
}

static PyObject *lock_assert_held(PyObject *self, PyObject *unused)
{
	struct view *v = (struct view *)self;

	(void)unused;
	if (T.active && lock_owner(v->off) != T.me)
		return lock_refused(v, "this code needs");
	Py_RETURN_NONE;
}

static PyObject *lock_get_name(PyObject *self, void *closure)
{
	(void)closure;
	return lock_name(((struct view *)self)->field, ((struct view *)self)->cell);
}

static PyObject *view_get_offset(PyObject *self, void *closure)
{
	(void)closure;
	return PyLong_FromUnsignedLongLong(((struct view *)self)->off);
}

static PyGetSetDef lock_getset[] = {
	{ "name", lock_get_name, NULL, NULL, NULL },
	{ "offset", view_get_offset, NULL, NULL, NULL },
	{ 0 },
};
static PyMethodDef lock_methods[] = {
	{ "lock", lock_lock, METH_NOARGS, NULL },
	{ "unlock", lock_unlock, METH_NOARGS, NULL },
	{ "trylock", lock_trylock, METH_NOARGS, NULL },
	{ "owner", lock_get_owner, METH_NOARGS, NULL },
	{ "assert_held", lock_assert_held, METH_NOARGS, NULL },
	{ "__enter__", lock_enter, METH_NOARGS, NULL },
	{ "__exit__", (PyCFunction)(void (*)(void))lock_exit, METH_FASTCALL, NULL },
	{ 0 },
};

#define VIEW_TYPE(var, cname, ...)                                                      \
	PyTypeObject var = {                                                            \
		PyVarObject_HEAD_INIT(NULL, 0)                                          \
		.tp_name = "emu.machine._machine." cname,                               \
		.tp_basicsize = sizeof(struct view),                                    \
		.tp_dealloc = view_dealloc, .tp_flags = Py_TPFLAGS_DEFAULT, __VA_ARGS__ \
	}
VIEW_TYPE(word_type, "Word", .tp_methods = word_methods);
VIEW_TYPE(lock_ref_type, "LockRef", .tp_methods = lock_methods, .tp_getset = lock_getset);

int word_add_types(PyObject *module)
{
	return PyModule_AddType(module, &word_type) || PyModule_AddType(module, &lock_ref_type) ||
	       PyModule_AddType(module, &mask_type) || PyModule_AddType(module, &words_type) ||
	       PyModule_AddType(module, &atomic_words_type) ? -1 : 0;
}
