/* Test alone: one GET over HTTPS by Windows' own client; prints the status and the answer. The certificate is not looked at:
   what is tried is whether the agent knows whose this connection is.
   https_client.exe PORT PATH [BEARER] */
#include <stdio.h>
#include <windows.h>
#include <winhttp.h>

int main(int count, char **words) {
    WCHAR path[256], header[512] = L"";
    DWORD any = SECURITY_FLAG_IGNORE_UNKNOWN_CA | SECURITY_FLAG_IGNORE_CERT_CN_INVALID, status = 0;
    DWORD size = sizeof status, got = 0;
    char answer[4096];
    if (count < 3) return 2;
    MultiByteToWideChar(CP_UTF8, 0, words[2], -1, path, 256);
    if (count > 3) _snwprintf(header, 511, L"Authorization: Bearer %hs", words[3]);
    HINTERNET session = WinHttpOpen(L"try", WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, 0);
    HINTERNET connection = WinHttpConnect(session, L"127.0.0.1", (INTERNET_PORT)atoi(words[1]), 0);
    HINTERNET request = WinHttpOpenRequest(connection, L"GET", path, NULL, NULL, NULL, WINHTTP_FLAG_SECURE);
    WinHttpSetOption(request, WINHTTP_OPTION_SECURITY_FLAGS, &any, sizeof any);
    if (!WinHttpSendRequest(request, header, (DWORD)-1, NULL, 0, 0, 0) || !WinHttpReceiveResponse(request, NULL)) {
        printf("error %lu\n", GetLastError());
        return 1;
    }
    WinHttpQueryHeaders(request, WINHTTP_QUERY_STATUS_CODE | WINHTTP_QUERY_FLAG_NUMBER, NULL, &status, &size, NULL);
    printf("%lu ", status);
    while (WinHttpReadData(request, answer, sizeof answer, &got) && got > 0) fwrite(answer, 1, got, stdout);
    printf("\n");
    return status == 200 ? 0 : 1;
}
