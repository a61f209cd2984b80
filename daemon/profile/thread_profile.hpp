// A mail daemon's thread report as a profile: every thread and every task is a sample of one.
#pragma once

#include "daemon/profile/profile.hpp"
#include "proto/thread_report.hpp"

namespace quipu {

// Sample types as pprof's tools know them of Go's: goroutine/count. Sample i is thread i, tasks follow. A task has no
// addresses: its stack is what it waits for, called by its group.
ProfileData thread_profile(const wire::ThreadReport& report);

// Only what addresses lie in: for looking single ones up.
ProfileData mappings_profile(const wire::ThreadReport& report);

// A location for the address, in the mapping that holds it.
ProfileLocation locate(const ProfileData& profile, std::uint64_t address);

}  // namespace quipu
