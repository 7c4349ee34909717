//! Which caller may do what ("Rules of the grants" in SECURITY.md).

use daemon_types::{Caller, ErrorCode, Origin, Right};

use crate::function_test::{TEST_ORIGIN, is_test_digest};

/// Whether the caller has this right.
///
/// A program on the user socket sees cards and manages its own user's; what it
/// signs or authenticates is a question to the holder each time, so the right
/// itself is not refused; so it is with what it deciphers. The product's own page never deciphers, and uses keys
/// for its function test alone ([`authorise_origin`], [`authorise_digests`]).
///
/// # Errors
/// `right-missing`.
pub fn authorise(caller: &Caller, right: Right) -> Result<(), ErrorCode> {
    let allowed = match caller {
        Caller::PairedProgram(program) => program.rights.contains(right),
        // One by one, so that whoever adds a right decides here, too.
        Caller::SocketProgram(_) => match right {
            Right::Identify
            | Right::Authenticate
            | Right::Sign
            | Right::Manage
            | Right::Decipher => true,
        },
        Caller::Console => match right {
            Right::Identify | Right::Authenticate | Right::Sign | Right::Manage => true,
            Right::Decipher => false,
        },
        Caller::Page(page) => right.is_for_pages() && page.rights.contains(right),
    };
    if allowed {
        Ok(())
    } else {
        Err(ErrorCode::RightMissing)
    }
}

/// Whether the caller may ask for a token for this site.
///
/// # Errors
/// `origin-not-granted`.
pub fn authorise_origin(caller: &Caller, origin: &Origin) -> Result<(), ErrorCode> {
    match caller {
        Caller::PairedProgram(program) if !program.origins.allow(origin) => {
            Err(ErrorCode::OriginNotGranted)
        }
        // A page speaks for itself alone.
        Caller::Page(page) if page.site.origin != *origin => Err(ErrorCode::OriginNotGranted),
        Caller::Console if origin.as_str() != TEST_ORIGIN => Err(ErrorCode::OriginNotGranted),
        // The holder sees the site and says yes or no each time.
        Caller::PairedProgram(_) | Caller::SocketProgram(_) | Caller::Page(_) | Caller::Console => {
            Ok(())
        }
    }
}

/// Whether the caller may ask for signatures over these digests: the product's own page signs the
/// text of its function test and nothing else, so that whoever got hold of its token signs nothing.
///
/// # Errors
/// `right-missing`.
pub fn authorise_digests<'a>(
    caller: &Caller,
    mut digests: impl Iterator<Item = &'a [u8]>,
) -> Result<(), ErrorCode> {
    match caller {
        Caller::Console if !digests.all(is_test_digest) => Err(ErrorCode::RightMissing),
        Caller::PairedProgram(_) | Caller::SocketProgram(_) | Caller::Page(_) | Caller::Console => {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use daemon_types::{AllowedOrigins, Page, PairedProgram, Rights, Site, SocketProgram};

    fn program(rights: &[Right], origins: AllowedOrigins) -> Caller {
        Caller::PairedProgram(PairedProgram {
            name: "Logiciel".into(),
            rights: Rights::from_iter(rights.iter().copied()),
            origins,
            grant: None,
        })
    }

    #[test]
    fn a_paired_program_has_the_rights_of_its_grant_and_no_other() {
        let caller = program(&[Right::Identify], AllowedOrigins::Any);
        assert_eq!(authorise(&caller, Right::Identify), Ok(()));
        for right in [
            Right::Authenticate,
            Right::Sign,
            Right::Manage,
            Right::Decipher,
        ] {
            assert_eq!(authorise(&caller, right), Err(ErrorCode::RightMissing));
        }
    }

    #[test]
    fn a_page_never_manages_nor_deciphers_whatever_its_grant_says() {
        let origin = Origin::parse("https://service.example").unwrap();
        let page = Caller::Page(Page {
            site: Site {
                origin: origin.clone(),
                top_origin: None,
            },
            rights: Rights::all(),
        });
        assert_eq!(authorise(&page, Right::Sign), Ok(()));
        for right in [Right::Manage, Right::Decipher] {
            assert_eq!(authorise(&page, right), Err(ErrorCode::RightMissing));
        }
        assert_eq!(authorise_origin(&page, &origin), Ok(()));
        let other = Origin::parse("https://other.example").unwrap();
        assert_eq!(
            authorise_origin(&page, &other),
            Err(ErrorCode::OriginNotGranted)
        );
    }

    #[test]
    fn a_program_on_the_socket_asks_for_anything_since_the_holder_decides() {
        let caller = Caller::SocketProgram(SocketProgram {
            pid: None,
            executable: None,
        });
        for right in Right::ALL {
            assert_eq!(authorise(&caller, right), Ok(()), "{right:?}");
        }
    }

    #[test]
    fn the_console_uses_keys_for_its_function_test_alone() {
        let test = Origin::parse(TEST_ORIGIN).unwrap();
        let site = Origin::parse("https://service.example").unwrap();
        assert_eq!(authorise_origin(&Caller::Console, &test), Ok(()));
        let refused = authorise_origin(&Caller::Console, &site);
        assert_eq!(refused, Err(ErrorCode::OriginNotGranted));
        let signed =
            |digests: &[&[u8]]| authorise_digests(&Caller::Console, digests.iter().copied());
        let fixed = crate::function_test::test_digest();
        assert_eq!(signed(&[&fixed]), Ok(()));
        for others in [
            &[&[7_u8; 32][..]][..],
            &[&fixed[..], &[7; 32]],
            &[&fixed[..31]],
        ] {
            assert_eq!(signed(others), Err(ErrorCode::RightMissing));
        }
        assert_eq!(authorise(&Caller::Console, Right::Manage), Ok(()));
        let decipher = authorise(&Caller::Console, Right::Decipher);
        assert_eq!(decipher, Err(ErrorCode::RightMissing));
    }

    #[test]
    fn a_paired_program_authenticates_only_for_its_sites() {
        let granted = Origin::parse("https://service.example").unwrap();
        let other = Origin::parse("https://other.example").unwrap();
        let caller = program(&[], AllowedOrigins::Only(vec![granted.clone()]));
        assert_eq!(authorise_origin(&caller, &granted), Ok(()));
        assert_eq!(
            authorise_origin(&caller, &other),
            Err(ErrorCode::OriginNotGranted)
        );
    }
}
