//! One thread for each source of readers.

use std::sync::Arc;
use std::thread;

use crate::inventory::{Inventory, SourcePlace};
use crate::source::{ReaderSource, SourceFault};

pub(crate) fn spawn(
    source: Box<dyn ReaderSource>,
    place: SourcePlace,
    inventory: Arc<Inventory>,
) -> std::io::Result<()> {
    let name = format!("watch-{}", source.name());
    thread::Builder::new()
        .name(name)
        .spawn(move || watch(source, place, &inventory))
        .map(|_| ())
}

fn watch(mut source: Box<dyn ReaderSource>, place: SourcePlace, inventory: &Arc<Inventory>) {
    let name = source.name();
    loop {
        match source.wait_for_change() {
            Ok(states) => {
                tracing::debug!(source = name, ?states, "readers changed");
                inventory.update(place, states);
            }
            Err(SourceFault::ServiceGone) => {
                // A source tries again for as long as it takes, which may be days.
                if inventory.lose_source(place) {
                    tracing::warn!(event = "readers-service-missing", source = %name, "the service of the readers is not there");
                }
            }
            Err(SourceFault::Stopped) => {
                inventory.end_source(place);
                return;
            }
        }
    }
}
