// SPDX-License-Identifier: GPL-2.0-only
//
// The descriptor type of each kind of field. Glue only: the operations are in fields.c.
#include "glue.h"

#include <stddef.h>
#include <string.h>
#include <structmember.h>

static PyObject *field_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
	(void)args;
	(void)kwargs;
	struct field *self = (struct field *)type->tp_alloc(type, 0);

	if (self) {
		self->nr = 1;
		self->points = POINT_PROTOCOL;
	}
	return (PyObject *)self;
}

static int set_kind(struct field *f, PyObject *kind)
{
	if (!PyObject_TypeCheck(kind, &kind_type)) {
		PyErr_Format(PyExc_TypeError, "a kind of word is needed, not %R", kind);
		return -1;
	}
	Py_XSETREF(f->kind, (struct kind *)Py_NewRef(kind));
	return 0;
}

static int kind_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
	static char *names[] = { "kind", "points", NULL };
	struct field *f = (struct field *)self;
	PyObject *kind;

	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|$I", names, &kind, &f->points))
		return -1;
	return set_kind(f, kind);
}

static int atomic_init_field(PyObject *self, PyObject *args, PyObject *kwargs)
{
	static char *names[] = { "kind", "points", NULL };
	struct field *f = (struct field *)self;
	PyObject *kind = NULL;

	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O$I", names, &kind, &f->points))
		return -1;
	return kind ? set_kind(f, kind) : 0;
}

static int points_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
	static char *names[] = { "points", NULL };

	return PyArg_ParseTupleAndKeywords(args, kwargs, "|$I", names,
					   &((struct field *)self)->points) ? 0 : -1;
}

static int mask_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
	((struct field *)self)->nr = MASK_WORDS;
	return points_init(self, args, kwargs);
}

static int array_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
	static char *names[] = { "kind", "nr", "once", "points", NULL };
	struct field *f = (struct field *)self;
	PyObject *kind;
	int once = 0;

	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "On|$pI", names, &kind, &f->nr, &once,
					 &f->points))
		return -1;
	f->once = once;
	return set_kind(f, kind);
}

static int atomic_array_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
	static char *names[] = { "nr", "points", NULL };
	struct field *f = (struct field *)self;

	return PyArg_ParseTupleAndKeywords(args, kwargs, "n|$I", names, &f->nr, &f->points) ? 0 : -1;
}

static int bytes_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
	static char *names[] = { "nr_bytes", NULL };
	struct field *f = (struct field *)self;

	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "n", names, &f->nr_bytes))
		return -1;
	f->nr = 1 + (f->nr_bytes + 7) / 8;
	return 0;
}

// ---- the types

static PyObject *field_size(PyObject *self, void *closure)
{
	(void)closure;
	return PyLong_FromSsize_t(((struct field *)self)->nr * 8);
}

static PyGetSetDef field_getset[] = { { "size", field_size, NULL, NULL, NULL }, { 0 } };
static PyMemberDef field_members[] = {
	{ "offset", T_PYSSIZET, offsetof(struct field, offset), 0, NULL },
	{ "nr", T_PYSSIZET, offsetof(struct field, nr), READONLY, NULL },
	{ "points", T_UINT, offsetof(struct field, points), 0, NULL },
	{ "name", T_OBJECT, offsetof(struct field, name), 0, NULL },
	{ "probe", T_OBJECT, offsetof(struct field, probe), 0, NULL },
	{ 0 },
};
static PyMethodDef field_methods[] = {
	{ "__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS, NULL }, { 0 },
};
static PyTypeObject field_type = {
	PyVarObject_HEAD_INIT(NULL, 0)
	.tp_name = "emu.machine._machine.Field",
	.tp_basicsize = sizeof(struct field),
	.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
	.tp_getset = field_getset, .tp_members = field_members, .tp_methods = field_methods,
};

#define METHODS(var, fn)                                                                \
	static PyMethodDef var[] = { { "peek", fn, METH_O, NULL }, { 0 } }
METHODS(plain_methods, field_word_peek);
METHODS(lock_methods, field_lock_peek);
METHODS(array_methods, field_array_peek);
METHODS(mask_methods, field_mask_peek);
static PyMethodDef once_methods[] = {
	{ "peek", field_word_peek, METH_O, NULL },
	{ "wait_while", field_once_wait_while, METH_VARARGS, NULL },
	{ 0 },
};

#define FIELD_TYPE(var, cname, init, get, set, methods)                                 \
	static PyTypeObject var = {                                                     \
		PyVarObject_HEAD_INIT(NULL, 0)                                          \
		.tp_name = "emu.machine._machine." cname,                               \
		.tp_basicsize = sizeof(struct field),                                   \
		.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,                   \
		.tp_base = &field_type, .tp_new = field_new, .tp_init = init,           \
		.tp_descr_get = get, .tp_descr_set = set, .tp_methods = methods,        \
	}
FIELD_TYPE(plain_type, "Plain", kind_init, field_plain_get, field_plain_set, plain_methods);
FIELD_TYPE(once_type, "Once", kind_init, field_once_get, field_once_set, once_methods);
FIELD_TYPE(atomic_type, "Atomic", atomic_init_field, field_atomic_get, NULL, plain_methods);
FIELD_TYPE(lock_type, "Lock", points_init, field_lock_get, NULL, lock_methods);
FIELD_TYPE(array_type, "Array", array_init, field_array_get, NULL, array_methods);
FIELD_TYPE(atomic_array_type, "AtomicArray", atomic_array_init,
	   field_atomic_array_get, NULL, array_methods);
FIELD_TYPE(bytes_type, "Bytes", bytes_init, field_bytes_get, field_bytes_set, NULL);
FIELD_TYPE(cpumask_type, "Cpumask", mask_init, field_mask_get, field_mask_set, mask_methods);
FIELD_TYPE(atomic_cpumask_type, "AtomicCpumask", mask_init,
	   field_atomic_mask_get, NULL, mask_methods);

int field_add_types(PyObject *module)
{
	PyTypeObject *types[] = {
		&field_type, &plain_type, &once_type, &atomic_type, &lock_type, &array_type,
		&atomic_array_type, &bytes_type, &cpumask_type, &atomic_cpumask_type,
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (PyModule_AddType(module, types[i]))
			return -1;
	return 0;
}
