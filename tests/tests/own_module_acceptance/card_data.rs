//! 900 to 924: the data of the card.

use std::ptr;

use cryptoki_sys::{
    CK_ATTRIBUTE, CK_RV, CKA_LABEL, CKA_MODIFIABLE, CKA_PRIVATE, CKA_TOKEN, CKA_VALUE,
    CKF_RW_SESSION, CKO_CERTIFICATE, CKO_DATA, CKR_OK, CKR_TOKEN_WRITE_PROTECTED,
};

use crate::list::{Line, number, step};
use crate::objects::{find, find_init};
use crate::run::{Run, Template, call};

pub(crate) const TABLE: &[Line] = &[
    step(|run| {
        run.initialize();
        run.open_read_only();
    }),
    number(
        900,
        "C_OpenSession",
        "one that reads and writes",
        CKR_OK,
        |run| {
            run.writing = run.open(CKF_RW_SESSION);
            CKR_OK
        },
    ),
    number(901, "C_Login", "as user", CKR_OK, Run::log_in),
    number(
        902,
        "C_FindObjectsInit",
        "CPS_DATA, which can be modified",
        CKR_OK,
        |run| {
            let mut template = data("CPS_DATA");
            template.put(CKA_MODIFIABLE, &[1]);
            find_init(run, run.session, template)
        },
    )
    .better(
        CKR_OK,
        "It is found without CKA_MODIFIABLE: the module writes nothing, and says so.",
    ),
    number(903, "C_FindObjects", "CPS_DATA", CKR_OK, |run| {
        find(run, run.session)
    }),
    number(
        904,
        "C_FindObjectsFinal",
        "the search for it",
        CKR_OK,
        |run| call!(run, C_FindObjectsFinal(run.session)),
    ),
    step(|run| run.object = run.labelled(CKO_DATA, "CPS_DATA")),
    number(
        905,
        "C_GetAttributeValue",
        "how long its value is",
        CKR_OK,
        value_length,
    ),
    number(906, "C_GetAttributeValue", "its value", CKR_OK, value),
    number(907, "C_SetAttributeValue", "another value", CKR_OK, |run| {
        let places = run.value.iter_mut().zip(0_u8..=255);
        for (byte, place) in places {
            *byte = byte.wrapping_add(place);
        }
        let mut attribute = CK_ATTRIBUTE {
            type_: CKA_VALUE,
            pValue: run.value.as_mut_ptr().cast(),
            ulValueLen: run.value.len() as u64,
        };
        call!(
            run,
            C_SetAttributeValue(run.writing, run.object, &raw mut attribute, 1)
        )
    })
    .not_applicable(
        CKR_TOKEN_WRITE_PROTECTED,
        "The module writes nothing on a card: the agent has no call for it.",
    ),
    number(908, "C_GetAttributeValue", "its value again", CKR_OK, value),
    step(|run| {
        run.finalize();
        run.initialize();
        run.open_read_only();
    }),
    number(909, "C_Login", "as user", CKR_OK, Run::log_in),
    number(
        910,
        "C_FindObjectsInit",
        "CPS_ACTIVITY_01_PS",
        CKR_OK,
        |run| {
            let mut template = data("CPS_ACTIVITY_01_PS");
            template.put(CKA_PRIVATE, &[1]);
            find_init(run, run.session, template)
        },
    ),
    number(911, "C_FindObjects", "CPS_ACTIVITY_01_PS", CKR_OK, find_one),
    number(
        912,
        "C_FindObjectsFinal",
        "the search for it",
        CKR_OK,
        |run| call!(run, C_FindObjectsFinal(run.session)),
    ),
    number(
        913,
        "C_GetAttributeValue",
        "how long its value is",
        CKR_OK,
        value_length,
    ),
    number(914, "C_GetAttributeValue", "its value", CKR_OK, value),
    step(|run| {
        run.finalize();
        run.initialize();
        run.open_read_only();
    }),
    number(
        915,
        "C_FindObjectsInit",
        "CPS_NAME_PS, by nobody",
        CKR_OK,
        |run| {
            let mut template = data("CPS_NAME_PS");
            template.put(CKA_PRIVATE, &[0]);
            find_init(run, run.session, template)
        },
    ),
    number(916, "C_FindObjects", "CPS_NAME_PS", CKR_OK, find_one),
    number(
        917,
        "C_FindObjectsFinal",
        "the search for it",
        CKR_OK,
        |run| call!(run, C_FindObjectsFinal(run.session)),
    ),
    number(
        918,
        "C_GetAttributeValue",
        "how long its value is",
        CKR_OK,
        value_length,
    ),
    number(919, "C_GetAttributeValue", "its value", CKR_OK, value),
    step(|run| {
        run.finalize();
        run.initialize();
        run.open_read_only();
    }),
    number(
        920,
        "C_FindObjectsInit",
        "the signature certificate, by nobody",
        CKR_OK,
        |run| {
            let mut template = Template::of(CKO_CERTIFICATE);
            template.put(CKA_TOKEN, &[1]);
            template.put(CKA_PRIVATE, &[0]);
            template.put(CKA_LABEL, b"Certificat de Signature CPS");
            find_init(run, run.session, template)
        },
    ),
    number(
        921,
        "C_FindObjects",
        "the signature certificate",
        CKR_OK,
        find_one,
    ),
    number(
        922,
        "C_FindObjectsFinal",
        "the search for it",
        CKR_OK,
        |run| call!(run, C_FindObjectsFinal(run.session)),
    ),
    number(
        923,
        "C_GetAttributeValue",
        "how long its value is",
        CKR_OK,
        value_length,
    ),
    number(924, "C_GetAttributeValue", "its value", CKR_OK, value),
    step(Run::finalize),
];

fn data(label: &str) -> Template {
    let mut template = Template::of(CKO_DATA);
    template.put(CKA_TOKEN, &[1]);
    template.put(CKA_LABEL, label.as_bytes());
    template
}

fn find_one(run: &mut Run) -> CK_RV {
    let value = find(run, run.session);
    assert_eq!(run.len, 1, "one object");
    value
}

fn value_length(run: &mut Run) -> CK_RV {
    let mut attribute = CK_ATTRIBUTE {
        type_: CKA_VALUE,
        pValue: ptr::null_mut(),
        ulValueLen: 0,
    };
    let value = call!(
        run,
        C_GetAttributeValue(run.session, run.object, &raw mut attribute, 1)
    );
    run.len = attribute.ulValueLen;
    value
}

fn value(run: &mut Run) -> CK_RV {
    let mut place = vec![0; usize::try_from(run.len).unwrap()];
    let mut attribute = CK_ATTRIBUTE {
        type_: CKA_VALUE,
        pValue: place.as_mut_ptr().cast(),
        ulValueLen: run.len,
    };
    let value = call!(
        run,
        C_GetAttributeValue(run.session, run.object, &raw mut attribute, 1)
    );
    run.value = place;
    value
}
