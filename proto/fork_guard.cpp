#include "proto/fork_guard.hpp"

#include <pthread.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "proto/courier.hpp"

namespace quipu {

namespace {

struct Couriers {
    std::mutex mutex;
    std::vector<Courier*> all;
    std::once_flag once;
};

// Never destroyed: exit handlers and forks may come after static destructors.
Couriers& couriers() {
    static auto* const instance = new Couriers;
    return *instance;
}

void before_fork() {
    couriers().mutex.lock();
    for (Courier* courier : couriers().all) courier->before_fork();
}

void after_fork_in_parent() {
    for (Courier* courier : couriers().all) courier->after_fork_in_parent();
    couriers().mutex.unlock();
}

void after_fork_in_child() {
    for (Courier* courier : couriers().all) courier->after_fork_in_child();
    couriers().mutex.unlock();
}

void at_exit() {
    std::vector<Courier*> left;
    {
        const std::lock_guard lock(couriers().mutex);
        left = couriers().all;
    }
    for (Courier* courier : left) courier->stop();
}

}  // namespace

void guard(Courier& courier) {
    std::call_once(couriers().once, [] {
        pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
        std::atexit(at_exit);
    });
    const std::lock_guard lock(couriers().mutex);
    couriers().all.push_back(&courier);
}

void unguard(Courier& courier) {
    const std::lock_guard lock(couriers().mutex);
    std::erase(couriers().all, &courier);
}

}  // namespace quipu
