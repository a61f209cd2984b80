// quipu.h: profiles and threads. Apart from the rest: a mail daemon that makes no profiler links none of it.
#include <new>

#include "proto/c_api.hpp"
#include "proto/profiler.hpp"

using quipu::view;
using quipu::without_exceptions;

struct quipu_profiler {
    explicit quipu_profiler(quipu::Emitter& emitter) : profiler(emitter) {}

    quipu::Profiler profiler;
};

struct quipu_task {
    quipu::Task task;
};

quipu_profiler* quipu_profiler_new(quipu_emitter* emitter) {
    if (!emitter) return nullptr;
    return without_exceptions(static_cast<quipu_profiler*>(nullptr), [&] {
        return new quipu_profiler(emitter->emitter);
    });
}

void quipu_profiler_free(quipu_profiler* profiler) {
    delete profiler;
}

quipu_task* quipu_task_new(quipu_profiler* profiler, const char* group, const char* name) {
    if (!profiler) return nullptr;
    return new (std::nothrow) quipu_task{profiler->profiler.task(view(group), view(name))};
}

void quipu_task_waits_for(quipu_task* task, const char* what, const char* details) {
    if (task) task->task.waits_for(view(what), view(details));
}

void quipu_task_free(quipu_task* task) {
    delete task;
}
