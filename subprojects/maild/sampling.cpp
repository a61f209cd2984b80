// Built in with -Dmaild:allocator=jemalloc: what MALLOC_CONF would say. One sample for 512 KiB, and totals.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "prof:true,prof_accum:true";
}
