//! The checks, and which of them make sense only when others passed.

macro_rules! checks {
    ($($(#[doc = $doc:literal])+ $variant:ident = $id:literal, needs [$($needed:ident),*];)+) => {
        /// One thing that is looked at.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Check {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Check {
            /// Every check, in the order in which a person should mend them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Its stable name.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self {
                    $(Self::$variant => $id,)+
                }
            }

            /// The checks without which it says nothing; all of them come before it.
            #[must_use]
            pub const fn needs(self) -> &'static [Self] {
                match self {
                    $(Self::$variant => &[$(Self::$needed),*],)+
                }
            }
        }
    };
}

checks! {
    /// What cpxd is told by its configuration can be read.
    Configuration = "configuration", needs [];
    /// The agent runs and answers.
    AgentRuns = "agent-runs", needs [Configuration];
    /// The agent that runs is the one that is installed.
    AgentVersion = "agent-version", needs [AgentRuns];
    /// The clock can be right.
    Clock = "clock", needs [];
    /// The state folder has space.
    DiskSpace = "disk-space", needs [];
    /// The PC/SC service is there, answers, and lets this user in.
    PcscService = "pcsc-service", needs [];
    /// A reader that is plugged in has its driver.
    ReaderDriver = "reader-driver", needs [PcscService];
    /// A reader is seen.
    Reader = "reader", needs [PcscService, ReaderDriver];
    /// No other program keeps the reader for itself.
    ReaderHeld = "reader-held", needs [Reader];
    /// A card is in a reader.
    Card = "card", needs [ReaderHeld];
    /// The card answers: it is in the right way round.
    CardAnswers = "card-answers", needs [Card];
    /// The card is of the family.
    CardKnown = "card-known", needs [CardAnswers];
    /// The card is of the environment that the agent works in.
    CardEnvironment = "card-environment", needs [CardKnown];
    /// The certificates are in their dates.
    CertificateDates = "certificate-dates", needs [CardKnown, Clock];
    /// The certificates come from an authority that is known here.
    CertificateChain = "certificate-chain", needs [CardKnown, Clock];
    /// The certificates are not revoked.
    CertificateRevocation = "certificate-revocation", needs [CardKnown];
    /// The holder's code can be typed.
    Code = "code", needs [CardKnown];
    /// The unblock code can be typed.
    UnblockCode = "unblock-code", needs [CardKnown];
    /// Cryptolib CPS beside the agent is fit for its cards.
    Cryptolib = "cryptolib", needs [];
    /// Cryptolib CPS remembers nothing wrong of the card.
    CryptolibCache = "cryptolib-cache", needs [CardKnown];
    /// Browsers have cpxd's own PKCS#11 module, where one of them has it.
    OwnModule = "own-module", needs [];
    /// The agent has its first port.
    Port = "port", needs [AgentRuns];
    /// Browsers trust the agent's own authority.
    Trust = "trust", needs [];
    /// Browsers know the native host.
    NativeMessaging = "native-messaging", needs [];
    /// Browsers let pages call programs of this computer.
    LoopbackPermission = "loopback-permission", needs [];
    /// No proxy catches what is meant for this computer.
    Proxy = "proxy", needs [];
}
