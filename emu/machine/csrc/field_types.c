// SPDX-License-Identifier: GPL-2.0-only
//
// The descriptor type of each kind of field. Glue only: the operations are in fields.c.
#include "glue.h"

#include <stddef.h>
#include <string.h>
#include <structmember.h>

static uint64_t off_of(const struct field *f, const struct cell *c)
{
	return (uint64_t)(c->offset + f->offset);
}

static bool is_cell(PyObject *obj)
{
	return obj && obj != Py_None && PyObject_TypeCheck(obj, &cell_type);
}

PyObject *lock_name(const struct field *f, const struct cell *c)
{
	return PyUnicode_FromFormat("%s[%zd].%S", Py_TYPE(c)->tp_name, c->index,
				    f->name ? f->name : Py_None);
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

// ---- plain and once

static PyObject *plain_get(PyObject *self, PyObject *obj, PyObject *type)
{
	struct field *f = (struct field *)self;
	uint64_t off;
	int err;

	(void)type;
	if (!is_cell(obj))
		return Py_NewRef(self);
	off = off_of(f, (struct cell *)obj);
	if (T.fine) {
		err = field_plain_point(off, f->points, false);
		if (err)
			return glue_raise(err), NULL;
	}
	return kind_to_py(f->kind, atomic_load_explicit(word_at(off), memory_order_relaxed));
}

static PyObject *once_get(PyObject *self, PyObject *obj, PyObject *type)
{
	struct field *f = (struct field *)self;
	uint64_t word;
	int err;

	(void)type;
	if (!is_cell(obj))
		return Py_NewRef(self);
	err = field_load(off_of(f, (struct cell *)obj), f->points, &word);
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

	if (!value || !is_cell(obj)) {
		PyErr_SetString(PyExc_AttributeError, "a field cannot be deleted");
		return -1;
	}
	if (kind_from_py(f->kind, value, &word))
		return -1;
	if (!T.active)
		return glue_raise(TURN_OVER);
	off = off_of(f, c);
	if (!once && T.fine)
		err = field_plain_point(off, f->points, true);
	if (err)
		return glue_raise(err);
	before = *word_at(off);
	if (once)
		err = field_store(off, f->points, word);
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

static int plain_set(PyObject *self, PyObject *obj, PyObject *value)
{
	return word_set((struct field *)self, obj, value, false);
}

static int once_set(PyObject *self, PyObject *obj, PyObject *value)
{
	return word_set((struct field *)self, obj, value, true);
}

static struct cell *arg_cell(PyObject *arg)
{
	if (is_cell(arg))
		return (struct cell *)arg;
	PyErr_SetString(PyExc_TypeError, "a cell is needed");
	return NULL;
}

static PyObject *word_peek(PyObject *self, PyObject *arg)
{
	struct field *f = (struct field *)self;
	struct cell *c = arg_cell(arg);
	uint64_t word;

	if (!c)
		return NULL;
	word = *word_at(off_of(f, c));
	return f->kind ? kind_to_py(f->kind, word) : PyLong_FromUnsignedLongLong(word);
}

static PyObject *once_wait_while(PyObject *self, PyObject *args)
{
	struct field *f = (struct field *)self;
	PyObject *obj, *value;
	uint64_t word, seen;
	struct cell *c;
	int err;

	if (!PyArg_ParseTuple(args, "OO", &obj, &value) || !(c = arg_cell(obj)) ||
	    kind_from_py(f->kind, value, &word))
		return NULL;
	err = field_wait_while(off_of(f, c), f->points, word, &seen);
	if (err)
		return glue_raise(err), NULL;
	return kind_to_py(f->kind, seen);
}

// ---- views: atomics, locks, arrays, masks

static PyObject *get_view(PyTypeObject *type, PyObject *self, PyObject *obj)
{
	struct field *f = (struct field *)self;

	if (!is_cell(obj))
		return Py_NewRef(self);
	return view_new(type, off_of(f, (struct cell *)obj), f, (struct cell *)obj);
}

#define VIEW_GET(name, view_type)                                                       \
	static PyObject *name(PyObject *self, PyObject *obj, PyObject *type)            \
	{                                                                               \
		(void)type;                                                             \
		return get_view(&view_type, self, obj);                                 \
	}
VIEW_GET(atomic_get, word_type)
VIEW_GET(lock_get, lock_ref_type)
VIEW_GET(array_get, words_type)
VIEW_GET(atomic_array_get, atomic_words_type)
VIEW_GET(atomic_mask_get, mask_type)

static PyObject *lock_peek(PyObject *self, PyObject *arg)
{
	struct cell *c = arg_cell(arg);
	int32_t owner;

	if (!c)
		return NULL;
	owner = lock_owner(off_of((struct field *)self, c));
	if (owner < 0)
		Py_RETURN_NONE;
	return PyLong_FromLong(owner);
}

static PyObject *array_peek(PyObject *self, PyObject *arg)
{
	struct field *f = (struct field *)self;
	struct cell *c = arg_cell(arg);
	PyObject *list = c ? PyList_New(f->nr) : NULL;

	for (Py_ssize_t i = 0; list && i < f->nr; i++) {
		uint64_t word = word_at(off_of(f, c))[i];
		PyObject *item = f->kind ? kind_to_py(f->kind, word)
					 : PyLong_FromUnsignedLongLong(word);

		if (!item)
			Py_CLEAR(list);
		else
			PyList_SET_ITEM(list, i, item);
	}
	return list;
}

static PyObject *mask_peek(PyObject *self, PyObject *arg)
{
	struct cell *c = arg_cell(arg);
	uint64_t words[MASK_WORDS];

	if (!c)
		return NULL;
	memcpy(words, (void *)word_at(off_of((struct field *)self, c)), sizeof(words));
	return mask_to_py(words);
}

static PyObject *mask_get(PyObject *self, PyObject *obj, PyObject *type)
{
	struct field *f = (struct field *)self;
	int err = 0;

	(void)type;
	if (!is_cell(obj))
		return Py_NewRef(self);
	if (T.fine)
		err = field_plain_point(off_of(f, (struct cell *)obj), f->points, false);
	if (err)
		return glue_raise(err), NULL;
	return mask_peek(self, obj);
}

static int mask_set(PyObject *self, PyObject *obj, PyObject *value)
{
	struct field *f = (struct field *)self;
	uint64_t words[MASK_WORDS], off;
	int err = 0;

	if (!value || !is_cell(obj) || mask_from_py(value, words))
		return -1;
	if (!T.active)
		return glue_raise(TURN_OVER);
	off = off_of(f, (struct cell *)obj);
	if (T.fine)
		err = field_plain_point(off, f->points, true);
	if (err)
		return glue_raise(err);
	memcpy((void *)word_at(off), words, sizeof(words));
	return 0;
}

static PyObject *bytes_get(PyObject *self, PyObject *obj, PyObject *type)
{
	struct field *f = (struct field *)self;
	uint64_t *at, nr;

	(void)type;
	if (!is_cell(obj))
		return Py_NewRef(self);
	at = (uint64_t *)(T.base + off_of(f, (struct cell *)obj));
	nr = at[0] < (uint64_t)f->nr_bytes ? at[0] : (uint64_t)f->nr_bytes;
	return PyBytes_FromStringAndSize((char *)(at + 1), (Py_ssize_t)nr);
}

static int bytes_set(PyObject *self, PyObject *obj, PyObject *value)
{
	struct field *f = (struct field *)self;
	Py_ssize_t nr;
	uint64_t *at;

	if (!value || !is_cell(obj) || !PyBytes_Check(value)) {
		PyErr_SetString(PyExc_TypeError, "bytes are needed");
		return -1;
	}
	nr = PyBytes_GET_SIZE(value) < f->nr_bytes ? PyBytes_GET_SIZE(value) : f->nr_bytes;
	at = (uint64_t *)(T.base + off_of(f, (struct cell *)obj));
	memcpy(at + 1, PyBytes_AS_STRING(value), (size_t)nr);
	at[0] = (uint64_t)nr;
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
METHODS(plain_methods, word_peek);
METHODS(lock_methods, lock_peek);
METHODS(array_methods, array_peek);
METHODS(mask_methods, mask_peek);
static PyMethodDef once_methods[] = {
	{ "peek", word_peek, METH_O, NULL },
	{ "wait_while", once_wait_while, METH_VARARGS, NULL },
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
FIELD_TYPE(plain_type, "Plain", kind_init, plain_get, plain_set, plain_methods);
FIELD_TYPE(once_type, "Once", kind_init, once_get, once_set, once_methods);
FIELD_TYPE(atomic_type, "Atomic", atomic_init_field, atomic_get, NULL, plain_methods);
FIELD_TYPE(lock_type, "Lock", points_init, lock_get, NULL, lock_methods);
FIELD_TYPE(array_type, "Array", array_init, array_get, NULL, array_methods);
FIELD_TYPE(atomic_array_type, "AtomicArray", atomic_array_init, atomic_array_get, NULL, array_methods);
FIELD_TYPE(bytes_type, "Bytes", bytes_init, bytes_get, bytes_set, NULL);
FIELD_TYPE(cpumask_type, "Cpumask", mask_init, mask_get, mask_set, mask_methods);
FIELD_TYPE(atomic_cpumask_type, "AtomicCpumask", mask_init, atomic_mask_get, NULL, mask_methods);

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
