// SPDX-License-Identifier: GPL-2.0-only
//
// What the module tells about a run: state, rows, log, traces; and its constants. Glue only.
#include "glue.h"

static PyObject *m_state(PyObject *m, PyObject *unused)
{
	struct header *h = T.hdr;

	(void)m;
	(void)unused;
	if (not_attached())
		return NULL;
	return Py_BuildValue("{sKsKsKsKsKsIsIsIsKsIsI}", "step", h->step + (T.active ? T.steps : 0),
			     "decisions", h->decisions, "counted", h->counted + T.counted, "hash", h->hash,
			     "nr_switches", h->nr_switches, "verdict", (unsigned)h->verdict,
			     "verdict_by", (unsigned)h->verdict_by, "over", (unsigned)h->over,
			     "run", (unsigned long long)h->run, "holder", h->holder, "mode", h->mode);
}

static PyObject *held_list(const struct row *r)
{
	Py_ssize_t nr = r->nr_held < NR_HELD_MAX ? r->nr_held : NR_HELD_MAX;
	PyObject *held = PyTuple_New(nr);

	for (Py_ssize_t i = 0; held && i < nr; i++)
		PyTuple_SET_ITEM(held, i, PyLong_FromUnsignedLongLong(r->held[i]));
	return held;
}

static PyObject *m_row(PyObject *m, PyObject *arg)
{
	struct row *r = row_arg(arg);
	PyObject *held = r ? held_list(r) : NULL;

	(void)m;
	if (!held)
		return NULL;
	return Py_BuildValue("{sIsIsIsKsKsKsLsLsOsNsKsKsO}", "status", (unsigned)r->status,
			     "op", r->op, "points", r->points, "off", r->off, "wait_off", r->wait_off,
			     "wait_value", r->wait_value, "deadline", (long long)r->deadline,
			     "clock", (long long)clock_now((int32_t)(r - T.rows)),
			     "idle", r->idle ? Py_True : Py_False, "held", held,
			     "beats", (unsigned long long)r->beats,
			     "irq", (unsigned long long)r->irq, "line", r->line ? Py_True : Py_False);
}

static PyObject *m_signature(PyObject *m, PyObject *arg)
{
	struct row *r = row_arg(arg);

	(void)m;
	return r ? PyLong_FromUnsignedLongLong(trace_signature((uint32_t)(r - T.rows))) : NULL;
}

static uint64_t nr_logged(void)
{
	struct header *h = T.hdr;

	return h->nr_switches < h->nr_switches_max ? h->nr_switches : h->nr_switches_max;
}

static PyObject *m_switches(PyObject *m, PyObject *args)
{
	unsigned long long first, count;
	PyObject *list;

	(void)m;
	if (!PyArg_ParseTuple(args, "KK", &first, &count) || not_attached())
		return NULL;
	list = PyList_New(0);
	for (uint64_t i = first; list && i < first + count && i < nr_logged(); i++) {
		struct switch_record *s = &T.log[i];
		PyObject *item = Py_BuildValue("(KIIKKK)", s->step, s->from, s->to, s->sig_from,
					       s->sig_to, s->hash);

		if (!item || PyList_Append(list, item))
			Py_CLEAR(list);
		Py_XDECREF(item);
	}
	return list;
}

static PyObject *m_traces(PyObject *m, PyObject *arg)
{
	struct row *r = row_arg(arg);
	uint64_t nr, first, n;
	PyObject *list;

	(void)m;
	if (!r)
		return NULL;
	nr = T.hdr->nr_trace;
	n = atomic_load_explicit(&r->traced, memory_order_acquire); // pairs with trace_write()
	first = n > nr ? n - nr : 0;
	list = PyList_New(0);
	for (uint64_t i = first; list && i < n; i++) {
		struct trace_record *t = &T.rings[(uint64_t)(r - T.rows) * nr + i % nr];
		PyObject *item = Py_BuildValue("(KLKKKKK)", t->step, (long long)t->time_ns, t->event,
					       t->arg[0], t->arg[1], t->arg[2], t->arg[3]);

		if (!item || PyList_Append(list, item))
			Py_CLEAR(list);
		Py_XDECREF(item);
	}
	return list;
}

static PyObject *m_next_times(PyObject *m, PyObject *list)
{
	Py_ssize_t nr = PyList_Check(list) ? PyList_GET_SIZE(list) : 0;
	PyObject *times = PyList_New(nr);

	(void)m;
	for (Py_ssize_t i = 0; times && i < nr; i++) {
		struct row *r = row_arg(PyList_GET_ITEM(list, i));
		PyObject *item = r ? Py_BuildValue("(LKl)", (long long)clock_next_time(r - T.rows),
						   r->status == ROW_CPU ? r->since : 0,
						   (long)(r - T.rows)) : NULL;

		if (!item)
			Py_CLEAR(times);
		else
			PyList_SET_ITEM(times, i, item);
	}
	return times;
}

static PyObject *m_traced(PyObject *m, PyObject *arg)
{
	struct row *r = row_arg(arg);

	(void)m;
	return r ? PyLong_FromUnsignedLongLong(r->traced) : NULL;
}

static PyMethodDef methods[] = {
	{ "state", m_state, METH_NOARGS, NULL }, { "row", m_row, METH_O, NULL },
	{ "signature", m_signature, METH_O, NULL }, { "switches", m_switches, METH_VARARGS, NULL },
	{ "traces", m_traces, METH_O, NULL }, { "traced", m_traced, METH_O, NULL },
	{ "next_times", m_next_times, METH_O, NULL }, { 0 },
};

static const struct { const char *name; long value; } constants[] = {
	{ "PROTOCOL", POINT_PROTOCOL }, { "POLICY", POINT_POLICY }, { "OTHER", POINT_OTHER },
	{ "ALL", POINT_ALL }, { "SETUP", MODE_SETUP }, { "FREE", MODE_FREE },
	{ "CONTROLLED", MODE_CONTROLLED }, { "NONE", VERDICT_NONE }, { "STUCK", VERDICT_STUCK },
	{ "STEPS", VERDICT_STEPS }, { "NO_PROGRESS", VERDICT_NO_PROGRESS },
	{ "FINDING", VERDICT_FINDING }, { "ENDED", VERDICT_ENDED },
	{ "DIVERGED", VERDICT_DIVERGED }, { "ABORTED", VERDICT_ABORTED },
	{ "RUNNABLE", ROW_RUNNABLE }, { "LOCK", ROW_LOCK }, { "WORD", ROW_WORD },
	{ "CPU", ROW_CPU }, { "DONE", ROW_DONE }, { "ABSENT", ROW_ABSENT },
	{ "OP_START", OP_START }, { "OP_LOAD", OP_LOAD }, { "OP_STORE", OP_STORE },
	{ "OP_RMW", OP_RMW }, { "OP_LOCK", OP_LOCK }, { "OP_TRYLOCK", OP_TRYLOCK },
	{ "OP_UNLOCK", OP_UNLOCK }, { "OP_WAIT_WORD", OP_WAIT_WORD },
	{ "OP_WAIT_CPU", OP_WAIT_CPU }, { "OP_IRQ_SEND", OP_IRQ_SEND },
	{ "OP_IRQ_TAKE", OP_IRQ_TAKE }, { "OP_DONE", OP_DONE }, { "SCRATCH", NR_SCRATCH },
};

int report_add(PyObject *module)
{
	for (size_t i = 0; i < sizeof(constants) / sizeof(*constants); i++)
		if (PyModule_AddIntConstant(module, constants[i].name, constants[i].value))
			return -1;
	if (PyModule_AddObject(module, "NEVER", PyLong_FromLongLong(NEVER)))
		return -1;
	return PyModule_AddFunctions(module, methods);
}
