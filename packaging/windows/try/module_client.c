/* Test alone: a program that knows PKCS#11 by p11-kit's header, with the layout that Windows has (packed), and nothing of cpxd.
   module_client.exe use MODULE FOLDER    shows the token, logs in where the token wants it, signs FOLDER\document with each key, and
                                          has FOLDER\cryptogram deciphered after a log-in: N.der, N.sig, plaintext in FOLDER
   module_client.exe hold MODULE          logs in, says so, and stays until somebody ends it */
#include <windows.h>
#include <p11-kit/pkcs11.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static CK_FUNCTION_LIST_PTR module;
static CK_SESSION_HANDLE session;

static void must(const char *step, CK_RV value) {
    if (value == CKR_OK) return;
    printf("%s returns 0x%lx\n", step, value);
    exit(1);
}

static CK_ULONG read_file(const char *folder, const char *name, CK_BYTE *bytes, CK_ULONG room) {
    char path[MAX_PATH];
    snprintf(path, sizeof path, "%s\\%s", folder, name);
    FILE *file = fopen(path, "rb");
    must(path, file ? CKR_OK : CKR_ARGUMENTS_BAD);
    CK_ULONG len = (CK_ULONG)fread(bytes, 1, room, file);
    fclose(file);
    return len;
}

static void write_file(const char *folder, const char *name, const CK_BYTE *bytes, CK_ULONG len) {
    char path[MAX_PATH];
    snprintf(path, sizeof path, "%s\\%s", folder, name);
    FILE *file = fopen(path, "wb");
    must(path, file && fwrite(bytes, 1, len, file) == len ? CKR_OK : CKR_ARGUMENTS_BAD);
    fclose(file);
}

/* Objects of a class, of one id where it is given. */
static CK_ULONG find(CK_OBJECT_CLASS class, CK_ATTRIBUTE_PTR id, CK_OBJECT_HANDLE *found, CK_ULONG room) {
    CK_ATTRIBUTE wanted[2] = {{CKA_CLASS, &class, sizeof class}};
    CK_ULONG count = 0;
    if (id) wanted[1] = *id;
    must("C_FindObjectsInit", module->C_FindObjectsInit(session, wanted, id ? 2 : 1));
    must("C_FindObjects", module->C_FindObjects(session, found, room, &count));
    must("C_FindObjectsFinal", module->C_FindObjectsFinal(session));
    return count;
}

/* By the mechanism that hashes, and as browsers do it: they give what they hashed themselves. */
static void sign(CK_OBJECT_HANDLE key, int is_browser, const char *folder, const char *name) {
    static CK_BYTE info[64] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
    CK_BYTE document[4096], signature[256];
    CK_ULONG len, signature_len = sizeof signature;
    CK_MECHANISM mechanism = {is_browser ? CKM_RSA_PKCS : CKM_SHA256_RSA_PKCS, NULL, 0};
    must("C_SignInit", module->C_SignInit(session, &mechanism, key));
    if (is_browser) {
        must("the digest", read_file(folder, "digest", info + 19, 32) == 32 ? CKR_OK : CKR_DATA_LEN_RANGE);
        must("C_Sign", module->C_Sign(session, info, 51, signature, &signature_len));
    } else {
        len = read_file(folder, "document", document, sizeof document);
        must("C_SignUpdate", module->C_SignUpdate(session, document, 1));
        must("C_SignUpdate", module->C_SignUpdate(session, document + 1, len - 1));
        must("C_SignFinal", module->C_SignFinal(session, signature, &signature_len));
    }
    write_file(folder, name, signature, signature_len);
}

static void decipher(CK_OBJECT_HANDLE key, const char *folder) {
    CK_BYTE cryptogram[256], plaintext[256];
    CK_ULONG len = sizeof plaintext;
    CK_MECHANISM mechanism = {CKM_RSA_PKCS, NULL, 0};
    if (module->C_DecryptInit(session, &mechanism, key) != CKR_OK) return;
    must("the cryptogram", read_file(folder, "cryptogram", cryptogram, 256) == 256 ? CKR_OK : CKR_DATA_LEN_RANGE);
    must("C_Decrypt", module->C_Decrypt(session, cryptogram, 256, plaintext, &len));
    write_file(folder, "plaintext", plaintext, len);
}

static void use_keys(int is_browser, const char *folder) {
    CK_OBJECT_HANDLE keys[8], certificate;
    CK_ULONG count = find(CKO_PRIVATE_KEY, NULL, keys, 8);
    printf("private keys: %lu\n", count);
    for (CK_ULONG at = 0; at < count; at++) {
        CK_BYTE id_bytes[64], der[4096];
        CK_ATTRIBUTE id = {CKA_ID, id_bytes, sizeof id_bytes}, value = {CKA_VALUE, der, sizeof der};
        char name[16];
        must("CKA_ID", module->C_GetAttributeValue(session, keys[at], &id, 1));
        must("its certificate", find(CKO_CERTIFICATE, &id, &certificate, 1) == 1 ? CKR_OK : CKR_OBJECT_HANDLE_INVALID);
        must("CKA_VALUE", module->C_GetAttributeValue(session, certificate, &value, 1));
        snprintf(name, sizeof name, "%lu.der", at);
        write_file(folder, name, der, value.ulValueLen);
        snprintf(name, sizeof name, "%lu.sig", at);
        sign(keys[at], is_browser, folder, name);
        if (!is_browser) decipher(keys[at], folder);
    }
}

static DWORD WINAPI wait_for_event(void *unused) {
    CK_SLOT_ID slot;
    return module->C_WaitForSlotEvent(0, &slot, NULL);
}

/* Nothing happens to the card, so the wait lasts until the module ends. */
static void end_while_somebody_waits(void) {
    DWORD value = CKR_OK;
    HANDLE waits = CreateThread(NULL, 0, wait_for_event, NULL, 0, NULL);
    if (WaitForSingleObject(waits, 2000) != WAIT_TIMEOUT) {
        GetExitCodeThread(waits, &value);
        must("C_WaitForSlotEvent", value ? value : CKR_GENERAL_ERROR);
    }
    must("C_Finalize", module->C_Finalize(NULL));
    must("the wait", WaitForSingleObject(waits, 10000) == WAIT_OBJECT_0 ? CKR_OK : CKR_GENERAL_ERROR);
    GetExitCodeThread(waits, &value);
    if (value == CKR_CRYPTOKI_NOT_INITIALIZED) printf("the end of the module ends the wait for an event\n");
}

int main(int count, char **words) {
    CK_SLOT_ID slots[8];
    CK_ULONG slot_count = 8;
    CK_TOKEN_INFO token;
    CK_OBJECT_HANDLE keys[8];
    if (count < 3) return 2;
    HMODULE library = LoadLibraryA(words[2]);
    must(words[2], library ? CKR_OK : GetLastError());
    CK_C_GetFunctionList get = (CK_C_GetFunctionList)(void *)GetProcAddress(library, "C_GetFunctionList");
    must("C_GetFunctionList", get(&module));
    CK_C_INITIALIZE_ARGS threads = {.flags = CKF_OS_LOCKING_OK};
    must("C_Initialize", module->C_Initialize(&threads));
    must("C_GetSlotList", module->C_GetSlotList(CK_TRUE, slots, &slot_count));
    must("a slot with a card", slot_count == 1 ? CKR_OK : CKR_TOKEN_NOT_PRESENT);
    must("C_GetTokenInfo", module->C_GetTokenInfo(slots[0], &token));
    printf("token: %.16s %.16s\n", token.label, token.model);
    must("C_OpenSession", module->C_OpenSession(slots[0], CKF_SERIAL_SESSION, NULL, NULL, &session));
    int is_browser = !(token.flags & CKF_LOGIN_REQUIRED);
    printf("met as: %s\n", is_browser ? "browser" : "log-in");
    printf("private keys at once: %lu\n", find(CKO_PRIVATE_KEY, NULL, keys, 8));
    /* A code that is wrong: the holder types the one that counts. */
    if (!is_browser) must("C_Login", module->C_Login(session, CKU_USER, (CK_UTF8CHAR_PTR) "0000", 4));
    if (!strcmp(words[1], "hold")) {
        printf("logged in\n");
        fflush(stdout);
        Sleep(INFINITE);
    }
    use_keys(is_browser, words[3]);
    end_while_somebody_waits();
    return FreeLibrary(library) ? 0 : 1;
}
