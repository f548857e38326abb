// SPDX-License-Identifier: GPL-2.0-only
//
// Views of several words: masks of CPUs and arrays. Glue only.
#include "glue.h"

#include <string.h>

// ---- masks

PyObject *mask_to_py(const uint64_t *words)
{
	if (!(words[1] | words[2] | words[3]))
		return PyLong_FromUnsignedLongLong(words[0]);
	return _PyLong_FromByteArray((const unsigned char *)words, MASK_WORDS * 8, 1, 0);
}

int mask_from_py(PyObject *value, uint64_t *words)
{
	if (!PyLong_Check(value)) {
		PyErr_Format(PyExc_TypeError, "a mask of CPUs is an int, not %R", value);
		return -1;
	}
	return _PyLong_AsByteArray((PyLongObject *)value, (unsigned char *)words, MASK_WORDS * 8,
				   1, 0);
}

static PyObject *mask_load(PyObject *self, PyObject *unused)
{
	struct view *v = (struct view *)self;
	uint64_t words[MASK_WORDS];
	int err = field_mask_load(v->off, points_of(v), words);

	(void)unused;
	if (err)
		return glue_raise(err), NULL;
	return mask_to_py(words);
}

static PyObject *mask_store(PyObject *self, PyObject *arg)
{
	struct view *v = (struct view *)self;
	uint64_t words[MASK_WORDS];
	int err;

	if (mask_from_py(arg, words))
		return NULL;
	err = field_mask_store(v->off, points_of(v), words);
	if (err)
		return glue_raise(err), NULL;
	Py_RETURN_NONE;
}

static int cpu_arg(PyObject *arg, uint64_t *bit, uint64_t *off)
{
	long cpu = PyLong_AsLong(arg);

	if (cpu == -1 && PyErr_Occurred())
		return -1;
	if (cpu < 0 || cpu >= MASK_WORDS * 64) {
		PyErr_Format(PyExc_IndexError, "CPU %ld is outside a mask", cpu);
		return -1;
	}
	*bit = 1ULL << (cpu & 63);
	*off += (uint64_t)(cpu >> 6) * 8;
	return 0;
}

static PyObject *mask_test(PyObject *self, PyObject *arg)
{
	struct view *v = (struct view *)self;
	uint64_t bit, off = v->off, seen;
	int err;

	if (cpu_arg(arg, &bit, &off))
		return NULL;
	err = field_load(off, points_of(v), &seen);
	if (err)
		return glue_raise(err), NULL;
	return PyBool_FromLong((seen & bit) != 0);
}

static PyObject *mask_test_and_set(PyObject *self, PyObject *arg)
{
	struct view *v = (struct view *)self;
	uint64_t bit, off = v->off, seen;
	int err;

	if (cpu_arg(arg, &bit, &off))
		return NULL;
	err = field_or(off, points_of(v), bit, &seen);
	if (err)
		return glue_raise(err), NULL;
	return PyBool_FromLong((seen & bit) != 0);
}

static PyObject *mask_test_and_clear(PyObject *self, PyObject *arg)
{
	struct view *v = (struct view *)self;
	uint64_t bit, off = v->off, seen;
	int err;

	if (cpu_arg(arg, &bit, &off))
		return NULL;
	err = field_and(off, points_of(v), ~bit, &seen);
	if (err)
		return glue_raise(err), NULL;
	return PyBool_FromLong((seen & bit) != 0);
}

static PyMethodDef mask_methods[] = {
	{ "load", mask_load, METH_NOARGS, NULL },
	{ "store", mask_store, METH_O, NULL },
	{ "test", mask_test, METH_O, NULL },
	{ "test_and_set", mask_test_and_set, METH_O, NULL },
	{ "test_and_clear", mask_test_and_clear, METH_O, NULL },
	{ 0 },
};

// ---- arrays

static Py_ssize_t array_len(PyObject *self)
{
	struct field *f = ((struct view *)self)->field;

	return f ? f->nr : NR_SCRATCH;
}

static int in_range(PyObject *self, Py_ssize_t i)
{
	if (i >= 0 && i < array_len(self))
		return 0;
	PyErr_Format(PyExc_IndexError, "index %zd is outside 0..%zd", i, array_len(self) - 1);
	return -1;
}

static PyObject *words_item(PyObject *self, Py_ssize_t i)
{
	struct view *v = (struct view *)self;
	uint64_t off = v->off + (uint64_t)i * 8, word;
	int err = 0;

	if (in_range(self, i) || not_attached())
		return NULL;
	if (!v->field)
		return PyLong_FromUnsignedLongLong(*word_at(off));
	if (v->field->once)
		err = field_load(off, v->field->points, &word);
	else if (T.fine)
		err = field_plain_point(off, v->field->points, false);
	if (err)
		return glue_raise(err), NULL;
	return kind_to_py(v->field->kind, v->field->once ? word : *word_at(off));
}

static int words_set_item(PyObject *self, Py_ssize_t i, PyObject *value)
{
	struct view *v = (struct view *)self;
	uint64_t off = v->off + (uint64_t)i * 8, word, before;
	int err = 0;

	if (!value) {
		PyErr_SetString(PyExc_TypeError, "a word of an array cannot be deleted");
		return -1;
	}
	if (in_range(self, i) || not_attached())
		return -1;
	if (!v->field) {
		word = PyLong_AsUnsignedLongLongMask(value);
		if (PyErr_Occurred())
			return -1;
		*word_at(off) = word;
		return 0;
	}
	if (kind_from_py(v->field->kind, value, &word))
		return -1;
	if (!T.active)
		return glue_raise(TURN_OVER);
	if (v->field->once) {
		err = field_store(off, v->field->points, word, &before);
		return err ? glue_raise(err) : 0;
	}
	if (T.fine)
		err = field_plain_point(off, v->field->points, true);
	if (err)
		return glue_raise(err);
	*word_at(off) = word;
	return 0;
}

static PyObject *atomic_words_item(PyObject *self, Py_ssize_t i)
{
	struct view *v = (struct view *)self;

	if (in_range(self, i))
		return NULL;
	return view_new(&word_type, v->off + (uint64_t)i * 8, v->field, v->cell);
}

static PySequenceMethods words_sequence = {
	.sq_length = array_len, .sq_item = words_item, .sq_ass_item = words_set_item,
};
static PySequenceMethods atomic_words_sequence = {
	.sq_length = array_len, .sq_item = atomic_words_item,
};
static PyMethodDef generic_methods[] = {
	{ "__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS, NULL }, { 0 },
};

VIEW_TYPE(mask_type, "Mask", view_dealloc, .tp_methods = mask_methods);
VIEW_TYPE(words_type, "Words", view_dealloc, .tp_as_sequence = &words_sequence,
	  .tp_methods = generic_methods);
VIEW_TYPE(atomic_words_type, "AtomicWords", view_dealloc,
	  .tp_as_sequence = &atomic_words_sequence);
