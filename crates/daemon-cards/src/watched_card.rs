//! A card each of whose calls is watched, so that one that does not come back is noticed.

use std::sync::Arc;

use card_apdu::{Atr, CardChannel, Protocol, ReaderFault, WireBytes};

use crate::call_watch::{Calls, WaitsFor};
use crate::source::{CardConnection, CardTransaction, ConnectCard};

/// Opens cards of another connector.
pub(crate) struct WatchedConnector {
    pub(crate) connector: Arc<dyn ConnectCard>,
    pub(crate) calls: Arc<Calls>,
}

impl ConnectCard for WatchedConnector {
    fn connect(&self, reader: &str) -> Result<Box<dyn CardConnection>, ReaderFault> {
        let connect = || self.connector.connect(reader);
        Ok(Box::new(WatchedConnection {
            connection: self.calls.during(WaitsFor::Turn, connect)?,
            calls: Arc::clone(&self.calls),
        }))
    }
}

struct WatchedConnection {
    connection: Box<dyn CardConnection>,
    calls: Arc<Calls>,
}

impl CardConnection for WatchedConnection {
    fn atr(&self) -> &Atr {
        self.connection.atr()
    }

    fn transaction(&mut self) -> Result<Box<dyn CardTransaction + '_>, ReaderFault> {
        let mut transaction = self
            .calls
            .during(WaitsFor::Turn, || self.connection.transaction())?;
        Ok(Box::new(WatchedTransaction {
            protocol: transaction.channel().protocol(),
            transaction,
            calls: Arc::clone(&self.calls),
        }))
    }

    fn reconnect(&mut self) -> Result<(), ReaderFault> {
        let reconnect = || self.connection.reconnect();
        self.calls.during(WaitsFor::Turn, reconnect)
    }
}

struct WatchedTransaction<'a> {
    transaction: Box<dyn CardTransaction + 'a>,
    protocol: Protocol,
    calls: Arc<Calls>,
}

impl CardTransaction for WatchedTransaction<'_> {
    fn channel(&mut self) -> &mut dyn CardChannel {
        self
    }

    fn end_with_reset(self: Box<Self>) -> Result<(), ReaderFault> {
        let Self {
            transaction, calls, ..
        } = *self;
        calls.during(WaitsFor::Card, || transaction.end_with_reset())
    }
}

impl CardChannel for WatchedTransaction<'_> {
    fn protocol(&self) -> Protocol {
        self.protocol
    }

    fn exchange(&mut self, command: &WireBytes) -> Result<Vec<u8>, ReaderFault> {
        let exchange = || self.transaction.channel().exchange(command);
        self.calls.during(WaitsFor::Card, exchange)
    }
}
