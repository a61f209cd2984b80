// QUIPU_THREAD_SANITIZED is defined in builds of the thread sanitizer. It calls signal handlers later, and from frames
// of its own; and it takes all descriptors of one number for the same one.
#pragma once

#if defined(__SANITIZE_THREAD__)
#define QUIPU_THREAD_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define QUIPU_THREAD_SANITIZED 1
#endif
#endif
