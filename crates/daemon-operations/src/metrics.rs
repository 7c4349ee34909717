//! Numbers for who looks after many workstations: how often, with what result, how long.
//!
//! No label can hold a name, a site, a path or a number of anybody: each is an enum, whose words are known before
//! anything happens.

use std::fmt;

use daemon_cards::{OperationClock, TimeSpent};
use daemon_types::{Caller, ErrorCode, OperationError};
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::Operations;

/// What is counted.
pub(crate) struct Metrics {
    registry: Registry,
    operations: Family<Ended, Counter>,
    errors: Family<Told, Counter>,
    card_time: Family<Timed, Histogram>,
    agent_time: Family<Timed, Histogram>,
    sessions: Gauge,
    readers: Gauge,
    cards: Gauge,
}

/// What is asked of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Operation {
    Authenticate,
    Sign,
    ReadActivities,
    ChangePin,
    UnblockPin,
    OpenSession,
    UseKey,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Outcome {
    Ok,
    Error(ErrorCode),
    CallerLeft,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    operation: Operation,
    result: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Timed {
    operation: Operation,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Told {
    code: Code,
}

/// An error code as a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Code(ErrorCode);

impl Default for Metrics {
    fn default() -> Self {
        let times = || Family::new_with_constructor(histogram as fn() -> Histogram);
        let mut metrics = Self {
            registry: Registry::with_prefix("cpxd"),
            operations: Family::default(),
            errors: Family::default(),
            card_time: times(),
            agent_time: times(),
            sessions: Gauge::default(),
            readers: Gauge::default(),
            cards: Gauge::default(),
        };
        metrics.register();
        metrics
    }
}

fn histogram() -> Histogram {
    Histogram::new(SECONDS)
}

impl Metrics {
    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "operations",
            "Operations on cards that ended, by their result: ok, an error code, or caller-left",
            self.operations.clone(),
        );
        registry.register(
            "errors",
            "Answers of the API that were errors, by their code",
            self.errors.clone(),
        );
        registry.register_with_unit(
            "operation_card",
            "Time of an operation on the card: commands, reader, driver, other programs' transactions; what is typed at a keypad is left out",
            Unit::Seconds,
            self.card_time.clone(),
        );
        registry.register_with_unit(
            "operation_agent",
            "Time of the same operation in the agent: all of it but the card's and the holder's",
            Unit::Seconds,
            self.agent_time.clone(),
        );
        registry.register("sessions", "Sessions open now", self.sessions.clone());
        registry.register("readers", "Readers connected now", self.readers.clone());
        registry.register("cards", "Cards that can be used now", self.cards.clone());
    }

    fn operation_ended(&self, operation: Operation, result: Outcome, spent: TimeSpent) {
        let ended = Ended { operation, result };
        self.operations.get_or_create(&ended).inc();
        // What never came to a card says nothing of either.
        if !spent.card.is_zero() {
            let timed = Timed { operation };
            let (card, agent) = (spent.card.as_secs_f64(), spent.agent.as_secs_f64());
            self.card_time.get_or_create(&timed).observe(card);
            self.agent_time.get_or_create(&timed).observe(agent);
        }
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Operations {
    /// The numbers, in the text format of OpenMetrics 1.0, which Prometheus reads. For the user's own programs alone, and
    /// nothing is there unless the configuration has it counted.
    ///
    /// # Errors
    /// `not-found`.
    pub fn metrics(&self, caller: &Caller) -> Result<String, OperationError> {
        let is_own_program = matches!(caller, Caller::SocketProgram(_));
        let metrics = self.0.metrics.as_ref().filter(|_| is_own_program);
        let metrics = metrics.ok_or(ErrorCode::NotFound)?;
        let overview = self.overview(caller);
        let sessions = self.open_sessions(caller)?.len();
        for (gauge, number) in [
            (&metrics.sessions, sessions),
            (&metrics.readers, overview.readers),
            (&metrics.cards, overview.cards),
        ] {
            gauge.set(i64::try_from(number).unwrap_or(i64::MAX));
        }
        let mut text = String::new();
        let encoded = encode(&mut text, &metrics.registry);
        encoded.map_err(|error| OperationError::new(ErrorCode::Internal).caused_by(error))?;
        Ok(text)
    }

    /// Counts an error that a caller is told.
    pub fn count_error(&self, code: ErrorCode) {
        if let Some(metrics) = &self.0.metrics {
            metrics
                .errors
                .get_or_create(&Told { code: Code(code) })
                .inc();
        }
    }

    /// Begins to count and time an operation.
    pub(crate) fn measure(&self, operation: Operation) -> Measured<'_> {
        Measured {
            metrics: self.0.metrics.as_ref(),
            operation,
            clock: OperationClock::default(),
            result: Outcome::CallerLeft,
        }
    }
}

/// An operation that is going on. Dropped before its end, as with the request of a caller that left, it is counted as that.
#[derive(Debug)]
pub(crate) struct Measured<'a> {
    metrics: Option<&'a Metrics>,
    operation: Operation,
    clock: OperationClock,
    result: Outcome,
}

impl Measured<'_> {
    /// Its clock.
    pub(crate) fn clock(&self) -> &OperationClock {
        &self.clock
    }

    /// Counts how it ended.
    pub(crate) fn end<T>(
        mut self,
        outcome: Result<T, OperationError>,
    ) -> Result<T, OperationError> {
        self.result = match &outcome {
            Ok(_) => Outcome::Ok,
            Err(error) => Outcome::Error(error.code),
        };
        outcome
    }
}

impl Drop for Measured<'_> {
    fn drop(&mut self) {
        if let Some(metrics) = self.metrics {
            metrics.operation_ended(self.operation, self.result, self.clock.spent());
        }
    }
}

impl EncodeLabelValue for Operation {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        EncodeLabelValue::encode(
            &match self {
                Self::Authenticate => "authenticate",
                Self::Sign => "sign",
                Self::ReadActivities => "read-activities",
                Self::ChangePin => "change-pin",
                Self::UnblockPin => "unblock-pin",
                Self::OpenSession => "open-session",
                Self::UseKey => "use-key",
            },
            encoder,
        )
    }
}

impl EncodeLabelValue for Outcome {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        let word = match self {
            Self::Ok => "ok",
            Self::Error(code) => code.as_str(),
            Self::CallerLeft => "caller-left",
        };
        EncodeLabelValue::encode(&word, encoder)
    }
}

impl EncodeLabelValue for Code {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        EncodeLabelValue::encode(&self.0.as_str(), encoder)
    }
}

/// Bounds of the histograms, in seconds: from the agent's own work up to a card that is given up.
const SECONDS: [f64; 12] = [
    0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
