// libstdc++'s shared_ptr asks a variable of glibc 2.32 whether the process has one thread. It has
// more, as this answers within the library, which thereby loads with an older glibc.
#ifdef __linux__
extern "C" {
__attribute__((visibility("hidden"))) extern char __libc_single_threaded;
char __libc_single_threaded = 0;
}
#endif
