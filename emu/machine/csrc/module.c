// SPDX-License-Identifier: GPL-2.0-only
//
// The module: its errors, its memory, its parts. Documented in _machine.pyi.
#include "glue.h"

#include <errno.h>
#include <string.h>

PyObject *run_over, *machine_bug;

int glue_raise(int err)
{
	if (PyErr_Occurred())
		return -1;
	if (!T.hdr)
		PyErr_SetString(machine_bug, "no arena is attached to this process");
	else if (err == TURN_OVER)
		PyErr_SetNone(run_over);
	else
		PyErr_Format(machine_bug, "the machine refused: %s", strerror(-err));
	return -1;
}

PyObject *none_or_raise(int err)
{
	if (err)
		return glue_raise(err), NULL;
	Py_RETURN_NONE;
}

int not_attached(void)
{
	return T.hdr ? 0 : glue_raise(TURN_OVER);
}

int not_taking_part(void)
{
	if (!T.hdr || T.row)
		return not_attached();
	PyErr_SetString(machine_bug, "this process only looks on: it is no participant");
	return -1;
}

struct row *row_of(long who)
{
	if (not_attached())
		return NULL;
	if (who >= 0 && who < (long)T.hdr->nr)
		return &T.rows[who];
	PyErr_Format(PyExc_IndexError, "there is no participant %ld", who);
	return NULL;
}

struct row *row_arg(PyObject *arg)
{
	long who = PyLong_AsLong(arg);

	return who == -1 && PyErr_Occurred() ? NULL : row_of(who);
}

static PyObject *m_machine_size(PyObject *m, PyObject *args)
{
	unsigned int nr, nr_trace, nr_switches;

	(void)m;
	if (!PyArg_ParseTuple(args, "III", &nr, &nr_trace, &nr_switches))
		return NULL;
	return PyLong_FromSize_t(arena_machine_size(nr, nr_trace, nr_switches));
}

static PyObject *m_init(PyObject *m, PyObject *args)
{
	unsigned int nr, nr_trace, nr_switches;
	Py_buffer buf;
	int err;

	(void)m;
	if (!PyArg_ParseTuple(args, "w*III", &buf, &nr, &nr_trace, &nr_switches))
		return NULL;
	err = arena_init(buf.buf, (size_t)buf.len, nr, nr_trace, nr_switches);
	PyBuffer_Release(&buf);
	return none_or_raise(err);
}

// The buffer is not kept exported: the arena object outlives detach() and the mapping with it.
static PyObject *m_attach(PyObject *m, PyObject *args)
{
	Py_buffer buf;
	int me, err;

	(void)m;
	if (!PyArg_ParseTuple(args, "w*i", &buf, &me))
		return NULL;
	err = arena_attach(buf.buf, (size_t)buf.len, me);
	PyBuffer_Release(&buf);
	return none_or_raise(err);
}

static PyObject *m_detach(PyObject *m, PyObject *unused)
{
	(void)m;
	(void)unused;
	arena_detach();
	Py_RETURN_NONE;
}

static PyObject *m_me(PyObject *m, PyObject *unused)
{
	(void)m;
	(void)unused;
	return PyLong_FromLong(T.me);
}

static PyObject *m_save(PyObject *m, PyObject *args)
{
	Py_ssize_t start, end;

	(void)m;
	if (!PyArg_ParseTuple(args, "nn", &start, &end) || not_attached())
		return NULL;
	return none_or_raise(arena_save((size_t)start, (size_t)end));
}

static PyObject *m_clear(PyObject *m, PyObject *args)
{
	Py_ssize_t start, end;

	(void)m;
	if (!PyArg_ParseTuple(args, "nn", &start, &end) || not_attached())
		return NULL;
	return none_or_raise(arena_clear((size_t)start, (size_t)end));
}

static PyObject *m_restore(PyObject *m, PyObject *unused)
{
	(void)m;
	(void)unused;
	return none_or_raise(arena_restore());
}

static PyMethodDef methods[] = {
	FN(machine_size, METH_VARARGS), FN(init, METH_VARARGS), FN(attach, METH_VARARGS),
	FN(detach, METH_NOARGS), FN(me, METH_NOARGS), FN(save, METH_VARARGS),
	FN(clear, METH_VARARGS), FN(restore, METH_NOARGS), { 0 },
};

static struct PyModuleDef module_def = {
	PyModuleDef_HEAD_INIT, "emu.machine._machine", NULL, -1, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__machine(void)
{
	PyObject *m = PyModule_Create(&module_def);

	if (!m)
		return NULL;
	run_over = PyErr_NewException("emu.machine._machine.RunOver", PyExc_BaseException, NULL);
	machine_bug = PyErr_NewException("emu.machine._machine.MachineBug", NULL, NULL);
	if (PyModule_AddObjectRef(m, "RunOver", run_over) ||
	    PyModule_AddObjectRef(m, "MachineBug", machine_bug) || descr_add_types(m) ||
	    field_add_types(m) || word_add_types(m) || run_add(m) || devices_add(m) || report_add(m)) {
		Py_DECREF(m);
		return NULL;
	}
	return m;
}
