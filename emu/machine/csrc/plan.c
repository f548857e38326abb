// SPDX-License-Identifier: GPL-2.0-only
//
// Turns as Python sees them: the plan, the GIL while we sleep, begin and end of runs. Glue only.
#include "glue.h"

#include <errno.h>

static PyObject *py_plan;
static PyThreadState *saved_state;

static int plan_result(PyObject *result, PyObject *enabled, uint32_t *who, int64_t *burst)
{
	if (!PyTuple_Check(result) || PyTuple_GET_SIZE(result) != 2) {
		PyErr_Format(PyExc_TypeError, "a plan returns (participant, burst), not %R", result);
		return TURN_ERROR;
	}
	*who = (uint32_t)PyLong_AsUnsignedLong(PyTuple_GET_ITEM(result, 0));
	*burst = PyLong_AsLongLong(PyTuple_GET_ITEM(result, 1));
	if (!PyErr_Occurred() &&
	    (*burst <= 0 || PySequence_Contains(enabled, PyTuple_GET_ITEM(result, 0)) <= 0))
		PyErr_Format(machine_bug, "the plan chose participant %u for %lld points, enabled are %R",
			     *who, (long long)*burst, enabled);
	return PyErr_Occurred() ? TURN_ERROR : TURN_OK;
}

static int call_plan(const uint32_t *enabled, uint32_t nr, uint32_t *who, int64_t *burst)
{
	PyObject *list = PyList_New(nr), *result;
	PyObject *args[7] = { NULL, list };
	int err = TURN_ERROR;

	for (uint32_t i = 0; list && i < nr; i++)
		PyList_SET_ITEM(list, i, PyLong_FromUnsignedLong(enabled[i]));
	args[2] = PyLong_FromLong(T.me);
	args[3] = PyLong_FromUnsignedLongLong(T.hdr->decisions);
	args[4] = PyLong_FromUnsignedLongLong(T.hdr->counted);
	args[5] = PyLong_FromUnsignedLongLong(T.hdr->step);
	args[6] = T.cut ? Py_False : Py_True;
	if (list && args[2] && args[3] && args[4] && args[5]) {
		result = PyObject_Vectorcall(py_plan, args + 1, 6 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
		err = result ? plan_result(result, list, who, burst) : TURN_ERROR;
		Py_XDECREF(result);
	}
	for (int i = 1; i < 6; i++)
		Py_XDECREF(args[i]);
	return err;
}

static void sleeping(bool asleep)
{
	if (asleep) {
		saved_state = PyEval_SaveThread();
	} else {
		int saved_errno = errno;

		PyEval_RestoreThread(saved_state);
		errno = saved_errno;
	}
}

static PyObject *m_set_plan(PyObject *m, PyObject *plan)
{
	(void)m;
	Py_XSETREF(py_plan, Py_NewRef(plan));
	turn_plan = plan == Py_None ? NULL : call_plan;
	Py_RETURN_NONE;
}

static PyObject *m_configure(PyObject *m, PyObject *args, PyObject *kwargs)
{
	static char *names[] = { "steps_max", "stall_steps", "noise_seed", "noise_one_in",
				 "time_scale", NULL };
	unsigned long long steps_max = UINT64_MAX, stall_steps = UINT64_MAX;
	unsigned long long noise_seed = 0, one_in = 0, scale = 1;

	(void)m;
	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|$KKKKK", names, &steps_max, &stall_steps,
					 &noise_seed, &one_in, &scale) || not_attached())
		return NULL;
	T.hdr->steps_max = steps_max;
	T.hdr->stall_steps = stall_steps;
	T.hdr->noise_seed = noise_seed;
	T.hdr->noise_one_in = one_in;
	T.hdr->time_scale = scale;
	Py_RETURN_NONE;
}

static PyObject *m_begin(PyObject *m, PyObject *args)
{
	unsigned int mode, count;
	int fine;

	(void)m;
	if (!PyArg_ParseTuple(args, "IIp", &mode, &count, &fine) || not_taking_part())
		return NULL;
	if (mode > MODE_CONTROLLED)
		return none_or_raise(-EINVAL);
	return none_or_raise(turn_begin(mode, count, fine));
}

static PyObject *m_enter(PyObject *m, PyObject *unused)
{
	bool begun = false;
	int err;

	(void)m;
	(void)unused;
	if (not_taking_part())
		return NULL;
	err = turn_enter(&begun);
	if (err)
		return glue_raise(err), NULL;
	return PyBool_FromLong(begun);
}

static PyObject *m_done(PyObject *m, PyObject *unused)
{
	(void)m;
	(void)unused;
	return none_or_raise(turn_done());
}

static PyObject *m_end(PyObject *m, PyObject *arg)
{
	(void)m;
	turn_end((uint32_t)PyLong_AsUnsignedLong(arg));
	return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

static PyObject *m_abort(PyObject *m, PyObject *arg)
{
	(void)m;
	if (not_attached())
		return NULL;
	turn_abort((uint32_t)PyLong_AsUnsignedLong(arg));
	return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

static PyObject *m_collect(PyObject *m, PyObject *arg)
{
	struct row *r = row_arg(arg);

	(void)m;
	if (!r || not_taking_part())
		return NULL;
	return none_or_raise(turn_collect(who_is(r)));
}

static PyObject *m_hand(PyObject *m, PyObject *arg)
{
	struct row *r = row_arg(arg);

	(void)m;
	if (!r)
		return NULL;
	turn_hand(who_is(r));
	Py_RETURN_NONE;
}

static PyObject *m_progress(PyObject *m, PyObject *unused)
{
	(void)m;
	(void)unused;
	if (T.mode == MODE_CONTROLLED && T.active)
		T.hdr->progress_step = T.hdr->step + T.steps;
	Py_RETURN_NONE;
}

static PyObject *m_quiet(PyObject *m, PyObject *arg)
{
	bool before = T.quiet;

	(void)m;
	T.quiet = PyObject_IsTrue(arg) == 1;
	return PyBool_FromLong(before);
}

static PyObject *m_scratch(PyObject *m, PyObject *unused)
{
	(void)m;
	(void)unused;
	if (not_attached())
		return NULL;
	return view_new(&words_type, (uint64_t)((unsigned char *)T.hdr->scratch - T.base), NULL, NULL);
}

static PyMethodDef methods[] = {
	FN(set_plan, METH_O), FN(configure, METH_VARARGS | METH_KEYWORDS),
	FN(begin, METH_VARARGS), FN(enter, METH_NOARGS), FN(done, METH_NOARGS), FN(end, METH_O),
	FN(abort, METH_O), FN(collect, METH_O), FN(hand, METH_O), FN(progress, METH_NOARGS),
	FN(quiet, METH_O), FN(scratch, METH_NOARGS), { 0 },
};

int run_add(PyObject *module)
{
	turn_signal_check = PyErr_CheckSignals;
	turn_sleeping = sleeping;
	return PyModule_AddFunctions(module, methods);
}
