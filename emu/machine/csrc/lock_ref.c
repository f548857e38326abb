// SPDX-License-Identifier: GPL-2.0-only
//
// Views of locks: taking them, giving them back, and what is said when that is wrong.
#include "glue.h"

#include <errno.h>

static PyObject *lock_name(const struct field *f, const struct cell *c)
{
	return PyUnicode_FromFormat("%s[%zd].%S", Py_TYPE(c)->tp_name, c->index,
				    f->name ? f->name : Py_None);
}

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
	int err = not_taking_part() ? TURN_ERROR : lock_take(v->off, points_of(v));

	if (err == -EDEADLK || err == -EBUSY)
		lock_refused(v, "cannot take");
	else if (err)
		glue_raise(err);
	return err ? -1 : 0;
}

static int do_unlock(struct view *v)
{
	int err;

	if (not_taking_part())
		return -1;
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

	if (failed && (!T.active || lock_owner(((struct view *)self)->off) != T.me))
		Py_RETURN_FALSE;
	if (do_unlock((struct view *)self))
		return NULL;
	Py_RETURN_FALSE;
}

static PyObject *lock_trylock(PyObject *self, PyObject *unused)
{
	struct view *v = (struct view *)self;
	bool got;
	int err = not_taking_part() ? TURN_ERROR : lock_try(v->off, points_of(v), &got);

	(void)unused;
	if (err)
		return glue_raise(err), NULL;
	return PyBool_FromLong(got);
}

static PyObject *lock_get_owner(PyObject *self, PyObject *unused)
{
	int32_t owner;

	(void)unused;
	if (not_attached())
		return NULL;
	owner = lock_owner(((struct view *)self)->off);
	if (owner < 0)
		Py_RETURN_NONE;
	return PyLong_FromLong(owner);
}

static PyObject *lock_assert_held(PyObject *self, PyObject *unused)
{
	struct view *v = (struct view *)self;

	(void)unused;
	if (not_taking_part())
		return NULL;
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

VIEW_TYPE(lock_ref_type, "LockRef", view_dealloc, .tp_methods = lock_methods,
	  .tp_getset = lock_getset);
