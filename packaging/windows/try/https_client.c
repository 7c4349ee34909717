/* Test alone: one request over HTTPS by Windows' own client (WinHTTP), which looks at the certificate with the stores of this
   user; prints the status and the answer.
   https_client.exe PORT METHOD PATH [BEARER [BODY]]    a BEARER of - is none; -k before all of it takes any certificate

   Wine knows whose a connection is only once its program used the socket after connecting, which WinHTTP does later than the
   agent asks. So WinHTTP goes through a tunnel of this same process, which connects and uses the socket at once; and since that
   is a race still, a refusal for want of an owner is tried again. */
#include <winsock2.h>
#include <windows.h>
#include <winhttp.h>
#include <stdio.h>

static SOCKET listener, agent_side, client_side;
static struct sockaddr_in agent = {.sin_family = AF_INET};

static DWORD WINAPI upwards(void *unused) {
    char bytes[4096];
    int got;
    while ((got = recv(client_side, bytes, sizeof bytes, 0)) > 0) send(agent_side, bytes, got, 0);
    shutdown(agent_side, SD_SEND);
    return 0;
}

/* One connection: CONNECT is answered, and then bytes go both ways. */
static DWORD WINAPI tunnel(void *unused) {
    char bytes[4096];
    int got, length = 0, on = 1;
    client_side = accept(listener, NULL, NULL);
    agent_side = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    connect(agent_side, (struct sockaddr *)&agent, sizeof agent);
    setsockopt(agent_side, IPPROTO_TCP, TCP_NODELAY, (char *)&on, sizeof on);
    /* To its end: what is left of it would go to the agent as if it were TLS. */
    while (length < 4 || memcmp(bytes + length - 4, "\r\n\r\n", 4)) {
        if ((got = recv(client_side, bytes + length, sizeof bytes - length, 0)) <= 0) return 1;
        length += got;
    }
    send(client_side, "HTTP/1.1 200 OK\r\n\r\n", 19, 0);
    CreateThread(NULL, 0, upwards, NULL, 0, NULL);
    while ((got = recv(agent_side, bytes, sizeof bytes, 0)) > 0) send(client_side, bytes, got, 0);
    closesocket(agent_side);
    closesocket(client_side);
    return 0;
}

static DWORD ask(char **words, int count, DWORD any, char *answer, DWORD size) {
    WCHAR proxy[64], method[16], path[512], header[1024] = L"Content-Type: application/json\r\nX-Cpxd-Client: try/1\r\n";
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int len = sizeof here;
    DWORD status = 0, four = sizeof status, got = 0, all = 0;
    char *body = count > 5 ? words[5] : NULL;
    DWORD body_len = body ? (DWORD)strlen(body) : 0;
    agent.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    agent.sin_port = htons((USHORT)atoi(words[1]));
    listener = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    bind(listener, (struct sockaddr *)&here, sizeof here);
    listen(listener, 1);
    getsockname(listener, (struct sockaddr *)&here, &len);
    CreateThread(NULL, 0, tunnel, NULL, 0, NULL);

    _snwprintf(proxy, 63, L"127.0.0.1:%u", ntohs(here.sin_port));
    MultiByteToWideChar(CP_UTF8, 0, words[2], -1, method, 16);
    MultiByteToWideChar(CP_UTF8, 0, words[3], -1, path, 512);
    if (count > 4 && strcmp(words[4], "-"))
        _snwprintf(header + wcslen(header), 512, L"Authorization: Bearer %hs\r\n", words[4]);
    HINTERNET session = WinHttpOpen(L"try", WINHTTP_ACCESS_TYPE_NAMED_PROXY, proxy, NULL, 0);
    HINTERNET connection = WinHttpConnect(session, L"localhost", (INTERNET_PORT)atoi(words[1]), 0);
    HINTERNET request = WinHttpOpenRequest(connection, method, path, NULL, NULL, NULL, WINHTTP_FLAG_SECURE);
    if (any) WinHttpSetOption(request, WINHTTP_OPTION_SECURITY_FLAGS, &any, sizeof any);
    if (!WinHttpSendRequest(request, header, (DWORD)-1, body, body_len, body_len, 0) || !WinHttpReceiveResponse(request, NULL)) {
        snprintf(answer, size, "error %lu", GetLastError());
        return 0;
    }
    WinHttpQueryHeaders(request, WINHTTP_QUERY_STATUS_CODE | WINHTTP_QUERY_FLAG_NUMBER, NULL, &status, &four, NULL);
    while (all < size - 1 && WinHttpReadData(request, answer + all, size - 1 - all, &got) && got > 0) all += got;
    answer[all] = 0;
    WinHttpCloseHandle(request);
    WinHttpCloseHandle(connection);
    WinHttpCloseHandle(session);
    closesocket(listener);
    return status;
}

int main(int count, char **words) {
    static char answer[1 << 18];
    DWORD any = 0, status = 0;
    WSADATA sockets;
    if (count > 1 && !strcmp(words[1], "-k")) {
        any = SECURITY_FLAG_IGNORE_UNKNOWN_CA | SECURITY_FLAG_IGNORE_CERT_CN_INVALID;
        count--;
        words++;
    }
    if (count < 4) return 2;
    WSAStartup(MAKEWORD(2, 2), &sockets);
    for (int tries = 0; tries < 20; tries++) {
        status = ask(words, count, any, answer, sizeof answer);
        if (status != 403 || !strstr(answer, "peer-refused")) break;
    }
    printf("%lu %s\n", status, answer);
    return status == 200 ? 0 : 1;
}
