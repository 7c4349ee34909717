//! Why a check ended as it did: a code that never changes its meaning, with what is particular about it.

macro_rules! causes {
    ($($variant:ident $(($($parameter:literal),+))? = $code:literal,)+) => {
        /// Stable code of a cause; each one has its sentence in `diagnosis.ftl`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each code is its own words, and has a sentence in two languages")]
        pub enum CauseCode {
            $($variant,)+
        }

        impl CauseCode {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Its text.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            /// The names of its parameters.
            #[must_use]
            pub const fn parameters(self) -> &'static [&'static str] {
                match self {
                    $(Self::$variant => &[$($($parameter),+)?],)+
                }
            }
        }
    };
}

causes! {
    HangsOn("check") = "hangs-on",
    NoAnswer = "no-answer",
    ConfigurationGood = "configuration-good",
    ConfigurationUnusable("file", "line", "problem") = "configuration-unusable",
    ConfigurationRefused("problem") = "configuration-refused",
    ConfigurationUnusableSince("file", "line", "problem") = "configuration-unusable-since",
    ConfigurationRefusedSince("problem") = "configuration-refused-since",
    AgentRuns = "agent-runs",
    AgentAbsent("options") = "agent-absent",
    AgentStateUnwritable("folder") = "agent-state-unwritable",
    AgentStateNewer("version") = "agent-state-newer",
    AgentPortHeld("port", "program") = "agent-port-held",
    AgentPortHeldByAgent("port") = "agent-port-held-by-agent",
    AgentPortHeldBySomebody("port") = "agent-port-held-by-somebody",
    AgentSilent = "agent-silent",
    AgentCurrent("version") = "agent-current",
    AgentVersionDiffers("running", "installed") = "agent-version-differs",
    AgentReplaced = "agent-replaced",
    AgentNewerVersion("version") = "agent-newer-version",
    ClockPlausible = "clock-plausible",
    ClockBeforeRelease("date") = "clock-before-release",
    ClockBeforeJournal("date") = "clock-before-journal",
    ClockBeforeALine("date") = "clock-before-a-line",
    ClockBeforeCard("date") = "clock-before-card",
    DiskEnough("megabytes") = "disk-enough",
    DiskLow("megabytes") = "disk-low",
    DiskFull = "disk-full",
    DiskUnknown = "disk-unknown",
    PcscWorks = "pcsc-works",
    PcscNotUsed = "pcsc-not-used",
    PcscNotInstalled = "pcsc-not-installed",
    PcscNotRunning = "pcsc-not-running",
    PcscAccessDenied = "pcsc-access-denied",
    PcscRefused = "pcsc-refused",
    PcscSilent = "pcsc-silent",
    PcscUnknown = "pcsc-unknown",
    DriverWorks = "driver-works",
    DriverNoDevice = "driver-no-device",
    DriverMissing("device") = "driver-missing",
    DriverUnknown = "driver-unknown",
    ReaderSeen = "reader-seen",
    ReaderNone = "reader-none",
    ReaderUnreachable("reader") = "reader-unreachable",
    ReaderUnknown = "reader-unknown",
    ReaderFree = "reader-free",
    ReaderHeldBy("reader", "program") = "reader-held-by",
    ReaderHeldBySomebody("reader") = "reader-held-by-somebody",
    CardIn = "card-in",
    CardNone = "card-none",
    CardAnswers = "card-answers",
    CardMute("reader") = "card-mute",
    CardKnown = "card-known",
    CardUnknown("reader") = "card-unknown",
    CardUnsupported("reader") = "card-unsupported",
    CardBeingRead("reader") = "card-being-read",
    CardTrouble("reader", "code") = "card-trouble",
    CardsNone = "cards-none",
    EnvironmentProduction = "environment-production",
    EnvironmentTest = "environment-test",
    EnvironmentTestCard = "environment-test-card",
    EnvironmentRealCard = "environment-real-card",
    EnvironmentContradictory = "environment-contradictory",
    DatesGood("date", "days") = "dates-good",
    DatesEndSoon("date", "days") = "dates-end-soon",
    DatesOver("date") = "dates-over",
    DatesToCome("date") = "dates-to-come",
    ChainProven = "chain-proven",
    ChainNotProven = "chain-not-proven",
    ChainRefused = "chain-refused",
    RevocationNotChecked = "revocation-not-checked",
    CodeReady("count") = "code-ready",
    CodeReadyUncounted = "code-ready-uncounted",
    CodeLastTry = "code-last-try",
    CodeBlocked = "code-blocked",
    CodeBlockedForGood = "code-blocked-for-good",
    CodePerhapsBlocked = "code-perhaps-blocked",
    CodeAbsent = "code-absent",
    UnblockReady = "unblock-ready",
    UnblockLastTry = "unblock-last-try",
    UnblockBlocked = "unblock-blocked",
    UnblockUnknown = "unblock-unknown",
    UnblockAbsent = "unblock-absent",
    UnblockPointless = "unblock-pointless",
    CryptolibGood("version") = "cryptolib-good",
    CryptolibAbsent = "cryptolib-absent",
    CryptolibNotNeeded = "cryptolib-not-needed",
    CryptolibTooOld("version") = "cryptolib-too-old",
    CryptolibOld("version") = "cryptolib-old",
    CryptolibFlawed("version") = "cryptolib-flawed",
    CryptolibOnly32Bits = "cryptolib-only-32-bits",
    CryptolibVersionUnknown = "cryptolib-version-unknown",
    CryptolibUnknown = "cryptolib-unknown",
    CacheGood = "cache-good",
    CacheStale("folder") = "cache-stale",
    CacheAbsent = "cache-absent",
    ModuleRegistered("browsers") = "module-registered",
    ModuleRegisteredInPart("browsers") = "module-registered-in-part",
    ModuleFileMissing("browsers") = "module-file-missing",
    ModuleAsksAnotherAgent("file") = "module-asks-another-agent",
    ModuleAsksNotThisAgent("file", "folder") = "module-asks-not-this-agent",
    ModuleAsksNobody("file", "line") = "module-asks-nobody",
    ModuleFileUnreadable("file") = "module-file-unreadable",
    ModuleConfined("browsers") = "module-confined",
    ModuleForeign("browsers") = "module-foreign",
    ModuleNotRegistered("browsers") = "module-not-registered",
    ModuleUnknown = "module-unknown",
    PortFirst("port") = "port-first",
    PortTaken("wanted", "used", "program") = "port-taken",
    PortTakenByAgent("wanted", "used") = "port-taken-by-agent",
    PortTakenBySomebody("wanted", "used") = "port-taken-by-somebody",
    PortUnknown = "port-unknown",
    TrustEverywhere("stores") = "trust-everywhere",
    TrustMissing("stores", "options") = "trust-missing",
    TrustNoStore = "trust-no-store",
    TrustNoAuthority = "trust-no-authority",
    TrustUnknown = "trust-unknown",
    NativeHostTold = "native-host-told",
    NativeHostNotTold("browsers") = "native-host-not-told",
    NativeHostConfined("browsers") = "native-host-confined",
    NativeHostUnknown = "native-host-unknown",
    NoBrowser = "no-browser",
    LoopbackByPolicy = "loopback-by-policy",
    LoopbackAsked = "loopback-asked",
    ProxyNone = "proxy-none",
    ProxyCatchesLoopback("variable") = "proxy-catches-loopback",
    ProxyUnknown = "proxy-unknown",
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Words: names that others chose, versions.
    Text(String),
    /// A day.
    Day(time::Date),
    /// A count.
    Number(u64),
    /// A check, whose title stands for it.
    Check(crate::Check),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<time::Date> for Value {
    fn from(day: time::Date) -> Self {
        Self::Day(day)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

/// A code with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The code.
    pub code: CauseCode,
    /// The value of each parameter of the code.
    pub parameters: Vec<(&'static str, Value)>,
}

impl From<CauseCode> for Cause {
    fn from(code: CauseCode) -> Self {
        Self {
            code,
            parameters: Vec::new(),
        }
    }
}

impl Cause {
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.parameters.push((name, value.into()));
        self
    }
}

impl CauseCode {
    pub(crate) fn with(self, name: &'static str, value: impl Into<Value>) -> Cause {
        Cause::from(self).with(name, value)
    }
}
