//! 1300 to 1311: PSS, with the authentication key of a CPS4.

use cryptoki_sys::{
    CK_MECHANISM, CK_RSA_PKCS_PSS_PARAMS, CK_RV, CKG_MGF1_SHA1, CKG_MGF1_SHA256, CKM_SHA_1,
    CKM_SHA1_RSA_PKCS_PSS, CKM_SHA256, CKM_SHA256_RSA_PKCS_PSS, CKR_MECHANISM_INVALID, CKR_OK,
    CKR_OPERATION_NOT_INITIALIZED,
};

use crate::list::{Line, number, step};
use crate::run::{Role, Run, call};
use crate::signature::TEXT;

pub(crate) const TABLE: &[Line] = &[
    step(Run::initialize),
    number(1300, "C_OpenSession", "one that reads", CKR_OK, |run| {
        run.open_read_only();
        CKR_OK
    })
    .on_cps4(),
    number(1301, "C_Login", "as user", CKR_OK, Run::log_in).on_cps4(),
    step(|run| {
        run.find_private_key("CPS_PRIV_AUT");
        run.find_public_key(Role::Authentication);
    }),
    number(1302, "C_SignInit", "PSS with SHA-1", CKR_OK, |run| {
        sign_init(run, Hash::Sha1)
    })
    .on_cps4()
    .better(CKR_MECHANISM_INVALID, NO_SHA1),
    number(1303, "C_Sign", "the length alone", CKR_OK, |run| {
        run.sign_length(TEXT)
    })
    .on_cps4()
    .better(CKR_OPERATION_NOT_INITIALIZED, NO_SHA1),
    number(1304, "C_Sign", "the signature", CKR_OK, |run| {
        run.sign(TEXT)
    })
    .on_cps4()
    .better(CKR_OPERATION_NOT_INITIALIZED, NO_SHA1),
    number(1305, "C_VerifyInit", "PSS with SHA-1", CKR_OK, |run| {
        verify_init(run, Hash::Sha1)
    })
    .on_cps4()
    .better(CKR_MECHANISM_INVALID, NO_SHA1),
    number(
        1306,
        "C_Verify",
        "the signature of number 1304",
        CKR_OK,
        |run| {
            let signature = run.signatures.last.clone();
            run.verify(TEXT, &signature)
        },
    )
    .on_cps4()
    .better(CKR_OPERATION_NOT_INITIALIZED, NO_SHA1),
    number(1307, "C_SignInit", "PSS with SHA-256", CKR_OK, |run| {
        sign_init(run, Hash::Sha256)
    })
    .on_cps4(),
    number(1308, "C_Sign", "the length alone", CKR_OK, |run| {
        run.sign_length(TEXT)
    })
    .on_cps4(),
    number(1309, "C_Sign", "the signature", CKR_OK, |run| {
        run.sign(TEXT)
    })
    .on_cps4(),
    step(|run| run.assert_openssl_verifies("Certificat d'Authentification CPS", "PS256", TEXT)),
    number(1310, "C_VerifyInit", "PSS with SHA-256", CKR_OK, |run| {
        verify_init(run, Hash::Sha256)
    })
    .on_cps4(),
    number(
        1311,
        "C_Verify",
        "the signature of number 1309",
        CKR_OK,
        |run| {
            let signature = run.signatures.last.clone();
            run.verify(TEXT, &signature)
        },
    )
    .on_cps4(),
    step(|run| {
        run.close_all();
        run.finalize();
    }),
];

#[derive(Clone, Copy)]
enum Hash {
    Sha1,
    Sha256,
}

fn sign_init(run: &mut Run, hash: Hash) -> CK_RV {
    let mut mechanism = mechanism_of(run, hash);
    call!(run, C_SignInit(run.session, &raw mut mechanism, run.key))
}

fn verify_init(run: &mut Run, hash: Hash) -> CK_RV {
    let mut mechanism = mechanism_of(run, hash);
    call!(
        run,
        C_VerifyInit(run.session, &raw mut mechanism, run.public_key)
    )
}

/// The salt as long as the digest, as cards have it. The parameters stay where they are: the official module looks at
/// them again at the end of a verification.
fn mechanism_of(run: &mut Run, hash: Hash) -> CK_MECHANISM {
    let (kind, hash, mgf, salt) = match hash {
        Hash::Sha1 => (CKM_SHA1_RSA_PKCS_PSS, CKM_SHA_1, CKG_MGF1_SHA1, 20),
        Hash::Sha256 => (CKM_SHA256_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, 32),
    };
    *run.pss = CK_RSA_PKCS_PSS_PARAMS {
        hashAlg: hash,
        mgf,
        sLen: salt,
    };
    CK_MECHANISM {
        mechanism: kind,
        pParameter: (&raw mut *run.pss).cast(),
        ulParameterLen: size_of::<CK_RSA_PKCS_PSS_PARAMS>() as u64,
    }
}

/// Why no signature of PSS is over a digest of SHA-1.
const NO_SHA1: &str = "PSS came with TLS 1.3, which knows no SHA-1, so nothing old needs it; and collisions of SHA-1 are made for money.";
