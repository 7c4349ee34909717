//! The functions of the product's own PKCS#11 module by their names, for programs that do not ask for the list, and in a
//! program that has functions of these names itself.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "a program that cannot be made fails its test"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use cpxd_tests::cryptoki_calls::Cryptoki;
use cpxd_tests::own_module::ModuleHome;
use cpxd_tests::programs::own_module;
use cpxd_tests::scripted::demo_with_holder;

#[test]
fn every_function_is_found_by_its_name() {
    let module = Cryptoki::load();
    let names: Vec<_> = FUNCTIONS.split_whitespace().collect();
    assert_eq!(names.len(), 68, "those of PKCS#11 2.40");
    for name in names {
        assert!(module.exports(&format!("C_{name}")), "C_{name}");
    }
    assert!(!module.exports("C_GetInterface"), "of PKCS#11 3.0");
}

#[test]
fn a_program_that_has_functions_of_these_names_gets_those_of_the_module() {
    let folder = tempfile::tempdir().unwrap();
    let host = folder.path().join("host");
    compile(&folder.path().join("host.c"), &host);
    let agent = demo_with_holder("pin = \"1234\"\nconsent = true");
    for scope in ["local", "global"] {
        let output = ModuleHome::of(&agent)
            .command(&host.to_string_lossy())
            .arg(own_module())
            .arg(scope)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{scope}: {said}{complained}");
        assert_eq!(said, "68 of the module, signed: 256\n", "{scope}");
    }
}

/// A program whose functions of these names are seen by the linker of the system before those of any library.
fn compile(source: &Path, program: &Path) {
    let mut text = String::new();
    for (number, name) in FUNCTIONS.split_whitespace().enumerate() {
        writeln!(
            text,
            "unsigned long C_{name}(void) {{ return fail(\"C_{name} of the host\"); }}"
        )
        .unwrap();
        writeln!(text, "enum {{ {name} = {number} }};").unwrap();
        writeln!(text, "#define NAME_{number} \"C_{name}\"").unwrap();
    }
    let names = FUNCTIONS
        .split_whitespace()
        .map(|name| format!("\"C_{name}\","));
    let names: String = names.collect();
    let text = format!("{HEAD}{text}static const char *names[] = {{ {names} }};\n{MAIN}");
    fs::write(source, text).unwrap();
    let compiled = Command::new("cc")
        // Functions without prototypes, which C23 has no more.
        .args(["-std=gnu17", "-rdynamic", "-o"])
        .args([program, source])
        .arg("-ldl")
        .output()
        .unwrap();
    let complained = String::from_utf8_lossy(&compiled.stderr);
    assert!(compiled.status.success(), "{complained}");
}

const HEAD: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned long fail(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(3);
}
"#;

const MAIN: &str = r#"
struct list { unsigned char version[2]; unsigned long (*functions[68])(); };
struct mechanism { unsigned long kind; void *parameter; unsigned long len; };
struct attribute { unsigned long kind; void *value; unsigned long len; };

static void is_of_the_module(const char *name, void *function, const char *path) {
    Dl_info found;
    if (!dladdr(function, &found) || strcmp(found.dli_fname, path) != 0)
        fail(name);
}

static void is_ok(const char *name, unsigned long value) {
    if (value != 0) {
        fprintf(stderr, "%lx ", value);
        fail(name);
    }
}
#define CALL(name, ...) is_ok(#name, list->functions[name](__VA_ARGS__))

int main(int count, char **arguments) {
    const char *path = arguments[1];
    int scope = strcmp(arguments[2], "global") == 0 ? RTLD_GLOBAL : RTLD_LOCAL;
    void *module = dlopen(path, RTLD_NOW | scope);
    if (!module)
        fail(dlerror());
    if (dlsym(RTLD_DEFAULT, "C_Sign") != (void *)C_Sign)
        fail("the host's functions do not come first");
    struct list *list = 0;
    unsigned long (*get)() = (unsigned long (*)())dlsym(module, "C_GetFunctionList");
    is_ok("C_GetFunctionList", get(&list));
    for (int number = 0; number < 68; number++) {
        is_of_the_module(names[number], (void *)list->functions[number], path);
        is_of_the_module(names[number], dlsym(module, names[number]), path);
    }

    unsigned long slot, slots = 1, session, key, keys, len = 256;
    unsigned char signature[256], data[20] = {0};
    unsigned long (*by_name)() = (unsigned long (*)())dlsym(module, "C_Initialize");
    is_ok("C_Initialize by its name", by_name((void *)0));
    CALL(GetSlotList, 1, &slot, &slots);
    CALL(OpenSession, slot, 4ul, (void *)0, (void *)0, &session);
    by_name = (unsigned long (*)())dlsym(module, "C_Login");
    is_ok("C_Login by its name", by_name(session, 1ul, (void *)0, 0ul));
    unsigned long class = 3, label_of = 3;
    struct attribute template[] = {
        { 0, &class, sizeof class }, { label_of, "CPS_PRIV_AUT", 12 }
    };
    CALL(FindObjectsInit, session, template, 2ul);
    CALL(FindObjects, session, &key, 1ul, &keys);
    CALL(FindObjectsFinal, session);
    struct mechanism mechanism = { 1, 0, 0 };
    CALL(SignInit, session, &mechanism, key);
    by_name = (unsigned long (*)())dlsym(module, "C_Sign");
    is_ok("C_Sign by its name", by_name(session, data, 20ul, signature, &len));
    CALL(SignInit, session, &mechanism, key);
    CALL(Sign, session, data, 20ul, signature, &len);
    CALL(Finalize, (void *)0);
    printf("68 of the module, signed: %lu\n", len);
    return 0;
}
"#;

const FUNCTIONS: &str = "
Initialize Finalize GetInfo GetFunctionList GetSlotList GetSlotInfo GetTokenInfo
GetMechanismList GetMechanismInfo InitToken InitPIN SetPIN OpenSession CloseSession
CloseAllSessions GetSessionInfo GetOperationState SetOperationState Login Logout CreateObject
CopyObject DestroyObject GetObjectSize GetAttributeValue SetAttributeValue FindObjectsInit
FindObjects FindObjectsFinal EncryptInit Encrypt EncryptUpdate EncryptFinal DecryptInit Decrypt
DecryptUpdate DecryptFinal DigestInit Digest DigestUpdate DigestKey DigestFinal SignInit Sign
SignUpdate SignFinal SignRecoverInit SignRecover VerifyInit Verify VerifyUpdate VerifyFinal
VerifyRecoverInit VerifyRecover DigestEncryptUpdate DecryptDigestUpdate SignEncryptUpdate
DecryptVerifyUpdate GenerateKey GenerateKeyPair WrapKey UnwrapKey DeriveKey SeedRandom
GenerateRandom GetFunctionStatus CancelFunction WaitForSlotEvent
";
