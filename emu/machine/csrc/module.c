// SPDX-License-Identifier: GPL-2.0-only
//
// The module's functions: arguments, errors and the GIL. Documented in _machine.pyi.
#include "glue.h"

#include <errno.h>
#include <string.h>

PyObject *run_over, *machine_bug;
static PyObject *py_plan;
static PyThreadState *saved_state;

int glue_raise(int err)
{
	if (err == TURN_OVER)
		PyErr_SetNone(run_over);
	else if (err < 0 && !PyErr_Occurred())
		PyErr_Format(machine_bug, "the machine refused: %s", strerror(-err));
	return -1;
}

static PyObject *none_or_raise(int err)
{
	if (err)
		return glue_raise(err), NULL;
	Py_RETURN_NONE;
}

static int attached(void)
{
	if (T.hdr)
		return 0;
	PyErr_SetString(machine_bug, "no arena is attached to this process");
	return -1;
}

static struct row *row_of(long who)
{
	if (attached())
		return NULL;
	if (who >= 0 && who < (long)T.hdr->nr)
		return &T.rows[who];
	PyErr_Format(PyExc_IndexError, "there is no participant %ld", who);
	return NULL;
}

static struct row *row_arg(PyObject *arg)
{
	long who = PyLong_AsLong(arg);

	return who == -1 && PyErr_Occurred() ? NULL : row_of(who);
}

static uint32_t who_is(const struct row *r)
{
	return (uint32_t)(r - T.rows);
}

// ---- hooks of turn.c

static int plan_result(PyObject *result, uint32_t *who, int64_t *burst)
{
	if (!PyTuple_Check(result) || PyTuple_GET_SIZE(result) != 2) {
		PyErr_Format(PyExc_TypeError, "a plan returns (participant, burst), not %R", result);
		return TURN_ERROR;
	}
	*who = (uint32_t)PyLong_AsUnsignedLong(PyTuple_GET_ITEM(result, 0));
	*burst = PyLong_AsLongLong(PyTuple_GET_ITEM(result, 1));
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
		err = result ? plan_result(result, who, burst) : TURN_ERROR;
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

// ---- arena

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
	if (!PyArg_ParseTuple(args, "nn", &start, &end) || attached())
		return NULL;
	return none_or_raise(arena_save((size_t)start, (size_t)end));
}

static PyObject *m_clear(PyObject *m, PyObject *args)
{
	Py_ssize_t start, end;

	(void)m;
	if (!PyArg_ParseTuple(args, "nn", &start, &end) || attached())
		return NULL;
	return none_or_raise(arena_clear((size_t)start, (size_t)end));
}

static PyObject *m_restore(PyObject *m, PyObject *unused)
{
	(void)m;
	(void)unused;
	return none_or_raise(arena_restore());
}

// ---- turns

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
	unsigned long long steps_max = UINT64_MAX, stall_steps = UINT64_MAX, noise_seed = 0, one_in = 0, scale = 1;

	(void)m;
	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|$KKKKK", names, &steps_max, &stall_steps,
					 &noise_seed, &one_in, &scale) || attached())
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
	if (!PyArg_ParseTuple(args, "IIp", &mode, &count, &fine) || attached())
		return NULL;
	if (T.me < 0 || mode > MODE_CONTROLLED)
		return none_or_raise(-EINVAL);
	return none_or_raise(turn_begin(mode, count, fine));
}

static PyObject *m_enter(PyObject *m, PyObject *unused)
{
	bool begun = false;
	int err;

	(void)m;
	(void)unused;
	if (attached())
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
	if (attached())
		return NULL;
	turn_abort((uint32_t)PyLong_AsUnsignedLong(arg));
	return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

static PyObject *m_collect(PyObject *m, PyObject *arg)
{
	struct row *r = row_arg(arg);

	(void)m;
	return r ? none_or_raise(turn_collect(who_is(r))) : NULL;
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
	if (attached())
		return NULL;
	return view_new(&words_type, (uint64_t)((unsigned char *)T.hdr->scratch - T.base), NULL, NULL);
}

// ---- time and interrupts

static PyObject *m_now(PyObject *m, PyObject *unused)
{
	(void)m;
	(void)unused;
	return attached() ? NULL : PyLong_FromLongLong(clock_now(T.me));
}

static PyObject *m_clock_of(PyObject *m, PyObject *arg)
{
	struct row *r = row_arg(arg);

	(void)m;
	return r ? PyLong_FromLongLong(clock_now((int32_t)who_is(r))) : NULL;
}

static PyObject *m_next_time(PyObject *m, PyObject *arg)
{
	struct row *r = row_arg(arg);

	(void)m;
	return r ? PyLong_FromLongLong(clock_next_time(who_is(r))) : NULL;
}

static PyObject *m_advance_to(PyObject *m, PyObject *arg)
{
	int64_t to = PyLong_AsLongLong(arg);

	(void)m;
	if ((to == -1 && PyErr_Occurred()) || attached())
		return NULL;
	clock_advance_to(to);
	Py_RETURN_NONE;
}

static PyObject *m_cpu_wait(PyObject *m, PyObject *args)
{
	long long deadline;
	bool irq = false;
	int idle, err;

	(void)m;
	if (!PyArg_ParseTuple(args, "Lp", &deadline, &idle) || attached())
		return NULL;
	err = irq_cpu_wait(deadline, idle, &irq);
	if (err)
		return glue_raise(err), NULL;
	return PyBool_FromLong(irq);
}

static PyObject *m_free_waiting(PyObject *m, PyObject *args)
{
	long long deadline;
	int waiting, idle;

	(void)m;
	if (!PyArg_ParseTuple(args, "pLp", &waiting, &deadline, &idle) || attached())
		return NULL;
	irq_free_waiting(waiting, deadline, idle);
	if (T.hdr->over)
		return none_or_raise(turn_slow(OP_WAIT_CPU, 0, POINT_OTHER));
	Py_RETURN_NONE;
}

static PyObject *m_irq_send(PyObject *m, PyObject *args)
{
	unsigned long long bits;
	bool raise_line = false;
	long who;
	int err;

	(void)m;
	if (!PyArg_ParseTuple(args, "lK", &who, &bits) || !row_of(who))
		return NULL;
	err = irq_send((uint32_t)who, bits, &raise_line);
	if (err)
		return glue_raise(err), NULL;
	return PyBool_FromLong(raise_line);
}

static PyObject *m_irq_take(PyObject *m, PyObject *unused)
{
	uint64_t bits = 0;
	int err;

	(void)m;
	(void)unused;
	if (attached())
		return NULL;
	err = irq_take(&bits);
	if (err)
		return glue_raise(err), NULL;
	return PyLong_FromUnsignedLongLong(bits);
}

static PyObject *m_irq_pending(PyObject *m, PyObject *unused)
{
	(void)m;
	(void)unused;
	return attached() ? NULL : PyLong_FromUnsignedLongLong(T.row ? T.row->irq : 0);
}

// ---- trace, chance, bench

static PyObject *m_trace(PyObject *m, PyObject *const *args, Py_ssize_t nargs)
{
	uint64_t arg[5] = { 0 };

	(void)m;
	if (nargs < 1 || nargs > 5)
		return PyErr_Format(PyExc_TypeError, "trace(event, a, b, c, d)");
	for (Py_ssize_t i = 0; i < nargs; i++)
		arg[i] = PyLong_AsUnsignedLongLongMask(args[i]);
	if (PyErr_Occurred())
		return NULL;
	trace_write(arg[0], arg + 1);
	Py_RETURN_NONE;
}

static PyObject *m_draw(PyObject *m, PyObject *args)
{
	unsigned long long seed, stream, index;

	(void)m;
	if (!PyArg_ParseTuple(args, "KKK", &seed, &stream, &index))
		return NULL;
	return PyLong_FromUnsignedLongLong(draw_bits(seed, stream, index));
}

static PyObject *m_draw_below(PyObject *m, PyObject *args)
{
	unsigned long long seed, stream, index, limit;

	(void)m;
	if (!PyArg_ParseTuple(args, "KKKK", &seed, &stream, &index, &limit))
		return NULL;
	return PyLong_FromUnsignedLongLong(draw_below(seed, stream, index, limit));
}

static PyObject *m_draw_geometric(PyObject *m, PyObject *args)
{
	unsigned long long seed, stream, index, num, den;

	(void)m;
	if (!PyArg_ParseTuple(args, "KKKKK", &seed, &stream, &index, &num, &den))
		return NULL;
	return PyLong_FromUnsignedLongLong(draw_geometric(seed, stream, index, num, den));
}

static PyObject *m_bench_start(PyObject *m, PyObject *arg)
{
	struct row *r = row_arg(arg);

	(void)m;
	if (!r)
		return NULL;
	bench_start(who_is(r));
	Py_RETURN_NONE;
}

static PyObject *m_bench_ring(PyObject *m, PyObject *args)
{
	unsigned long long rounds;
	long next;

	(void)m;
	if (!PyArg_ParseTuple(args, "lK", &next, &rounds) || !row_of(next))
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	bench_ring((uint32_t)next, rounds);
	Py_END_ALLOW_THREADS
	Py_RETURN_NONE;
}

#define FN(name, flags) { #name, (PyCFunction)(void (*)(void))m_##name, flags, NULL }
static PyMethodDef methods[] = {
	FN(machine_size, METH_VARARGS), FN(init, METH_VARARGS), FN(attach, METH_VARARGS),
	FN(detach, METH_NOARGS), FN(me, METH_NOARGS), FN(save, METH_VARARGS),
	FN(restore, METH_NOARGS), FN(clear, METH_VARARGS), FN(set_plan, METH_O),
	FN(configure, METH_VARARGS | METH_KEYWORDS), FN(begin, METH_VARARGS),
	FN(enter, METH_NOARGS), FN(done, METH_NOARGS), FN(end, METH_O), FN(abort, METH_O),
	FN(collect, METH_O), FN(hand, METH_O), FN(progress, METH_NOARGS), FN(quiet, METH_O),
	FN(scratch, METH_NOARGS), FN(now, METH_NOARGS), FN(clock_of, METH_O),
	FN(next_time, METH_O), FN(advance_to, METH_O), FN(cpu_wait, METH_VARARGS),
	FN(free_waiting, METH_VARARGS), FN(irq_send, METH_VARARGS), FN(irq_take, METH_NOARGS),
	FN(irq_pending, METH_NOARGS), FN(trace, METH_FASTCALL), FN(draw, METH_VARARGS),
	FN(draw_below, METH_VARARGS), FN(draw_geometric, METH_VARARGS),
	FN(bench_start, METH_O), FN(bench_ring, METH_VARARGS), { 0 },
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
	    field_add_types(m) || word_add_types(m) || report_add(m)) {
		Py_DECREF(m);
		return NULL;
	}
	turn_signal_check = PyErr_CheckSignals;
	turn_sleeping = sleeping;
	return m;
}
