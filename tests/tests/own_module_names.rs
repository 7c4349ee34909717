//! The functions of the product's own PKCS#11 module by their names, for programs that do not ask for the list.
#![cfg(target_os = "linux")]

use cpxd_tests::cryptoki_calls::Cryptoki;

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
