// What newer headers ask of newer libraries, given here: so that what a new compiler made loads on
// systems of 2018, too. GCC 9 put the first out of line, GCC 11 the second; the third, of
// glibc 2.32, says whether a process has one thread, for which shared_ptr would spare atomics.
#if __has_include(<bits/c++config.h>)  // libstdc++
#include <new>
#include <sstream>

template class std::basic_stringstream<char>;

namespace std {
void __throw_bad_array_new_length() {
  throw std::bad_array_new_length();
}
}  // namespace std

extern "C" {
__attribute__((visibility("hidden"))) extern char __libc_single_threaded;
char __libc_single_threaded = 0;
}
#endif
