// SPDX-License-Identifier: GPL-2.0-only
//
// Clocks, interrupts, traces, chance and benches as Python sees them. Glue only.
#include "glue.h"

// ---- time and interrupts

static PyObject *m_now(PyObject *m, PyObject *unused)
{
	(void)m;
	(void)unused;
	return not_attached() ? NULL : PyLong_FromLongLong(clock_now(T.me));
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
	if ((to == -1 && PyErr_Occurred()) || not_attached())
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
	if (!PyArg_ParseTuple(args, "Lp", &deadline, &idle) || not_taking_part())
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
	if (!PyArg_ParseTuple(args, "pLp", &waiting, &deadline, &idle) || not_taking_part())
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
	if (not_taking_part())
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
	return not_attached() ? NULL : PyLong_FromUnsignedLongLong(T.row ? T.row->irq : 0);
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
	if (!PyArg_ParseTuple(args, "lK", &next, &rounds) || not_taking_part() || !row_of(next))
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	bench_ring((uint32_t)next, rounds);
	Py_END_ALLOW_THREADS
	Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
	FN(now, METH_NOARGS), FN(clock_of, METH_O), FN(next_time, METH_O), FN(advance_to, METH_O),
	FN(cpu_wait, METH_VARARGS), FN(free_waiting, METH_VARARGS), FN(irq_send, METH_VARARGS),
	FN(irq_take, METH_NOARGS), FN(irq_pending, METH_NOARGS), FN(trace, METH_FASTCALL),
	FN(draw, METH_VARARGS), FN(draw_below, METH_VARARGS), FN(draw_geometric, METH_VARARGS),
	FN(bench_start, METH_O), FN(bench_ring, METH_VARARGS), { 0 },
};

int devices_add(PyObject *module)
{
	return PyModule_AddFunctions(module, methods);
}
