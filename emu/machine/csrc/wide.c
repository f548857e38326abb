// SPDX-License-Identifier: GPL-2.0-only
//
// Attributes of several words: arrays, masks, bytes. Glue only.
#include "glue.h"

#include <string.h>

PyObject *field_array_peek(PyObject *self, PyObject *arg)
{
	struct field *f = (struct field *)self;
	struct cell *c = field_arg_cell(arg);
	PyObject *list;
	uint64_t off;

	if (!c || field_place(f, c, &off))
		return NULL;
	list = PyList_New(f->nr);
	for (Py_ssize_t i = 0; list && i < f->nr; i++) {
		uint64_t word = word_at(off)[i];
		PyObject *item = f->kind ? kind_to_py(f->kind, word)
					 : PyLong_FromUnsignedLongLong(word);

		if (!item)
			Py_CLEAR(list);
		else
			PyList_SET_ITEM(list, i, item);
	}
	return list;
}

PyObject *field_mask_peek(PyObject *self, PyObject *arg)
{
	struct cell *c = field_arg_cell(arg);
	uint64_t words[MASK_WORDS], off;

	if (!c || field_place((struct field *)self, c, &off))
		return NULL;
	memcpy(words, (void *)word_at(off), sizeof(words));
	return mask_to_py(words);
}

PyObject *field_mask_get(PyObject *self, PyObject *obj, PyObject *type)
{
	struct field *f = (struct field *)self;
	uint64_t off;
	int err = 0;

	(void)type;
	if (!field_is_cell(obj))
		return Py_NewRef(self);
	if (field_place(f, (struct cell *)obj, &off))
		return NULL;
	if (T.fine)
		err = field_plain_point(off, f->points, false);
	if (err)
		return glue_raise(err), NULL;
	return field_mask_peek(self, obj);
}

int field_mask_set(PyObject *self, PyObject *obj, PyObject *value)
{
	struct field *f = (struct field *)self;
	uint64_t words[MASK_WORDS], off;
	int err = 0;

	if (!value || !field_is_cell(obj)) {
		PyErr_SetString(PyExc_AttributeError, "a field cannot be deleted");
		return -1;
	}
	if (mask_from_py(value, words))
		return -1;
	if (!T.active)
		return glue_raise(TURN_OVER);
	if (field_place(f, (struct cell *)obj, &off))
		return -1;
	if (T.fine)
		err = field_plain_point(off, f->points, true);
	if (err)
		return glue_raise(err);
	memcpy((void *)word_at(off), words, sizeof(words));
	return 0;
}

PyObject *field_bytes_get(PyObject *self, PyObject *obj, PyObject *type)
{
	struct field *f = (struct field *)self;
	uint64_t *at, nr, off;

	(void)type;
	if (!field_is_cell(obj))
		return Py_NewRef(self);
	if (field_place(f, (struct cell *)obj, &off))
		return NULL;
	at = (uint64_t *)(T.base + off);
	nr = at[0] < (uint64_t)f->nr_bytes ? at[0] : (uint64_t)f->nr_bytes;
	return PyBytes_FromStringAndSize((char *)(at + 1), (Py_ssize_t)nr);
}

int field_bytes_set(PyObject *self, PyObject *obj, PyObject *value)
{
	struct field *f = (struct field *)self;
	Py_ssize_t nr;
	uint64_t *at, off;

	if (!value || !field_is_cell(obj) || !PyBytes_Check(value)) {
		PyErr_SetString(PyExc_TypeError, "bytes are needed");
		return -1;
	}
	if (field_place(f, (struct cell *)obj, &off))
		return -1;
	nr = PyBytes_GET_SIZE(value) < f->nr_bytes ? PyBytes_GET_SIZE(value) : f->nr_bytes;
	at = (uint64_t *)(T.base + off);
	memcpy(at + 1, PyBytes_AS_STRING(value), (size_t)nr);
	at[0] = (uint64_t)nr;
	return 0;
}
