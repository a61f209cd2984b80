// Every courier of this process, for the moments when the process itself changes: fork and exit. The one place of the
// library with global state, since pthread_atfork and atexit know no other.
#pragma once

namespace quipu {

class Courier;

// Known from here on: on fork its locks are held and its child's half is reset; on exit() it is stopped.
void guard(Courier& courier);
void unguard(Courier& courier);

}  // namespace quipu
