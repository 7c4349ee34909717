/* Test alone: Wine 8 has no bcryptprimitives.dll, from which Rust's standard library takes its random
   numbers. Never in a package. */
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T len) {
    return RtlGenRandom(data, (ULONG)len);
}
