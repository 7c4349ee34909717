//! Which caller may do what ("Rules of the grants" in SECURITY.md).

use daemon_types::{Caller, ErrorCode, Origin, Right};

/// Whether the caller has this right.
///
/// A program on the user socket sees cards and manages its own user's; what it
/// signs or authenticates is a question to the holder each time, so the right
/// itself is not refused. It never deciphers.
///
/// # Errors
/// `right-missing`.
pub fn authorise(caller: &Caller, right: Right) -> Result<(), ErrorCode> {
    let allowed = match caller {
        Caller::PairedProgram(program) => program.rights.contains(right),
        Caller::SocketProgram(_) => match right {
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
        // The holder sees the site and says yes or no each time.
        Caller::PairedProgram(_) | Caller::SocketProgram(_) | Caller::Page(_) => Ok(()),
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
    fn a_program_on_the_socket_never_deciphers() {
        let caller = Caller::SocketProgram(SocketProgram {
            pid: None,
            executable: None,
        });
        assert_eq!(authorise(&caller, Right::Sign), Ok(()));
        assert_eq!(
            authorise(&caller, Right::Decipher),
            Err(ErrorCode::RightMissing)
        );
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
