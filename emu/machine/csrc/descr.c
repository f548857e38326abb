// SPDX-License-Identifier: GPL-2.0-only
//
// Field descriptors: how a Python attribute becomes an access to the arena. Glue only.
#include "glue.h"

#include <stddef.h>
#include <structmember.h>

// ---- kinds

PyObject *kind_to_py(const struct kind *kind, uint64_t word)
{
	PyObject *cell;

	switch (kind->code) {
	case KIND_U64:
	case KIND_U32:
		return PyLong_FromUnsignedLongLong(word);
	case KIND_S64:
		return PyLong_FromLongLong((int64_t)word);
	case KIND_BOOL:
		return PyBool_FromLong(word != 0);
	case KIND_REF:
		break;
	}
	if (word == 0)
		Py_RETURN_NONE;
	if (word > (uint64_t)PyList_GET_SIZE(kind->table)) {
		PyErr_Format(machine_bug, "reference %llu is outside the table of %U",
			     (unsigned long long)word, kind->name);
		return NULL;
	}
	cell = PyList_GET_ITEM(kind->table, word - 1);
	return Py_NewRef(cell);
}

int kind_from_py(const struct kind *kind, PyObject *value, uint64_t *word)
{
	if (kind->code == KIND_REF) {
		if (value == Py_None) {
			*word = 0;
			return 0;
		}
		if (!PyObject_TypeCheck(value, &cell_type)) {
			PyErr_Format(PyExc_TypeError, "a reference to a %U is needed, not %R",
				     kind->name, value);
			return -1;
		}
		*word = (uint64_t)((struct cell *)value)->index + 1;
		return 0;
	}
	if (!PyLong_Check(value)) {
		PyErr_Format(PyExc_TypeError, "an int is needed, not %R", value);
		return -1;
	}
	*word = PyLong_AsUnsignedLongLongMask(value);
	if (kind->code == KIND_U32)
		*word &= UINT32_MAX;
	else if (kind->code == KIND_BOOL)
		*word = *word != 0;
	return PyErr_Occurred() ? -1 : 0;
}

static PyObject *ref_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
	static char *names[] = { "name", NULL };
	struct kind *self;
	PyObject *name;

	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "U", names, &name))
		return NULL;
	self = (struct kind *)type->tp_alloc(type, 0);
	if (!self)
		return NULL;
	self->code = KIND_REF;
	self->name = Py_NewRef(name);
	self->table = PyList_New(0);
	return (PyObject *)self;
}

static int ref_set_table(PyObject *self, PyObject *value, void *closure)
{
	(void)closure;
	if (!value || !PyList_Check(value)) {
		PyErr_SetString(PyExc_TypeError, "a table is a list of cells");
		return -1;
	}
	Py_XSETREF(((struct kind *)self)->table, Py_NewRef(value));
	return 0;
}

static PyObject *ref_get_table(PyObject *self, void *closure)
{
	(void)closure;
	return Py_NewRef(((struct kind *)self)->table);
}

static PyGetSetDef ref_getset[] = {
	{ "table", ref_get_table, ref_set_table, NULL, NULL },
	{ 0 },
};
static PyMemberDef ref_members[] = {
	{ "name", T_OBJECT, offsetof(struct kind, name), READONLY, NULL },
	{ 0 },
};
static PyMethodDef generic_methods[] = {
	{ "__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS, NULL },
	{ 0 },
};

PyTypeObject kind_type = {
	PyVarObject_HEAD_INIT(NULL, 0)
	.tp_name = "emu.machine._machine.Kind",
	.tp_basicsize = sizeof(struct kind),
	.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
	.tp_methods = generic_methods,
};
PyTypeObject ref_type = {
	PyVarObject_HEAD_INIT(NULL, 0)
	.tp_name = "emu.machine._machine.Ref",
	.tp_basicsize = sizeof(struct kind),
	.tp_flags = Py_TPFLAGS_DEFAULT,
	.tp_base = &kind_type,
	.tp_new = ref_new,
	.tp_getset = ref_getset,
	.tp_members = ref_members,
};

// ---- cells

static PyObject *cell_place(PyObject *type, PyObject *args)
{
	Py_ssize_t offset, index;
	struct cell *self;

	if (!PyArg_ParseTuple(args, "nn", &offset, &index))
		return NULL;
	self = (struct cell *)((PyTypeObject *)type)->tp_alloc((PyTypeObject *)type, 0);
	if (self) {
		self->offset = offset;
		self->index = index;
	}
	return (PyObject *)self;
}

static PyObject *cell_compare(PyObject *a, PyObject *b, int op)
{
	bool same;

	if ((op != Py_EQ && op != Py_NE) || !PyObject_TypeCheck(b, &cell_type))
		Py_RETURN_NOTIMPLEMENTED;
	same = ((struct cell *)a)->offset == ((struct cell *)b)->offset;
	return PyBool_FromLong(same == (op == Py_EQ));
}

static Py_hash_t cell_hash(PyObject *self)
{
	return ((struct cell *)self)->offset;
}

static PyObject *cell_repr(PyObject *self)
{
	return PyUnicode_FromFormat("%s[%zd]", Py_TYPE(self)->tp_name,
				    ((struct cell *)self)->index);
}

static PyMemberDef cell_members[] = {
	{ "index", T_PYSSIZET, offsetof(struct cell, index), READONLY, NULL },
	{ "offset", T_PYSSIZET, offsetof(struct cell, offset), READONLY, NULL },
	{ 0 },
};
static PyMethodDef cell_methods[] = {
	{ "_place", cell_place, METH_VARARGS | METH_CLASS, NULL },
	{ 0 },
};
PyTypeObject cell_type = {
	PyVarObject_HEAD_INIT(NULL, 0)
	.tp_name = "emu.machine._machine.Cell",
	.tp_basicsize = sizeof(struct cell),
	.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
	.tp_members = cell_members,
	.tp_methods = cell_methods,
	.tp_richcompare = cell_compare,
	.tp_hash = cell_hash,
	.tp_repr = cell_repr,
};

int descr_add_types(PyObject *module)
{
	static const struct { const char *name; enum kind_code code; } kinds[] = {
		{ "U64", KIND_U64 }, { "U32", KIND_U32 }, { "S64", KIND_S64 }, { "BOOL", KIND_BOOL },
	};

	if (PyModule_AddType(module, &kind_type) || PyModule_AddType(module, &ref_type) ||
	    PyModule_AddType(module, &cell_type))
		return -1;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		struct kind *k = PyObject_New(struct kind, &kind_type);

		if (!k)
			return -1;
		k->code = kinds[i].code;
		k->table = k->name = NULL;
		if (PyModule_AddObject(module, kinds[i].name, (PyObject *)k))
			return -1;
	}
	return 0;
}
