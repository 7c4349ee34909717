//! How many connections there may be at once; each costs file descriptors, which run out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Places for connections; clones share the same ones.
#[derive(Clone)]
pub(crate) struct Places {
    own: Arc<Semaphore>,
    own_tcp: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
    of_processes: Arc<Mutex<HashMap<Process, usize>>>,
}

/// A process at the user's socket, by its number; all together that the system does not tell.
type Process = Option<u32>;

/// The place of one connection, left when this is dropped.
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
    _of_tcp: Option<OwnedSemaphorePermit>,
    _of_process: Option<PlaceOfProcess>,
}

struct PlaceOfProcess {
    places: Places,
    process: Process,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            own: Arc::new(Semaphore::new(OWN_CONNECTIONS)),
            own_tcp: Arc::new(Semaphore::new(OWN_TCP_CONNECTIONS)),
            strangers: Arc::new(Semaphore::new(STRANGERS_CONNECTIONS)),
            of_processes: Arc::default(),
        }
    }
}

impl Places {
    /// A place for a connection of this user's over TCP, where nobody tells the process.
    pub(crate) fn own_tcp(&self) -> Option<Place> {
        let of_tcp = permit_of(&self.own_tcp)?;
        Some(Place {
            _permit: permit_of(&self.own)?,
            _of_tcp: Some(of_tcp),
            _of_process: None,
        })
    }

    /// A place for another user's connection.
    pub(crate) fn strangers(&self) -> Option<Place> {
        Some(Place {
            _permit: permit_of(&self.strangers)?,
            _of_tcp: None,
            _of_process: None,
        })
    }

    /// A place for a connection of this process to the user's socket.
    pub(crate) fn of_process(&self, process: Process) -> Option<Place> {
        let of_process = {
            let mut processes = self.processes();
            let places = processes.entry(process).or_default();
            if *places >= CONNECTIONS_OF_ONE_PROCESS {
                return None;
            }
            *places += 1;
            PlaceOfProcess {
                places: self.clone(),
                process,
            }
        };
        Some(Place {
            _permit: permit_of(&self.own)?,
            _of_tcp: None,
            _of_process: Some(of_process),
        })
    }

    fn processes(&self) -> MutexGuard<'_, HashMap<Process, usize>> {
        let processes = self.of_processes.lock();
        processes.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for PlaceOfProcess {
    fn drop(&mut self) {
        let mut processes = self.places.processes();
        if let Some(places) = processes.get_mut(&self.process) {
            *places = places.saturating_sub(1);
            if *places == 0 {
                processes.remove(&self.process);
            }
        }
    }
}

fn permit_of(places: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
    Arc::clone(places).try_acquire_owned().ok()
}

/// Connections of this user's programs at once, over both doors.
const OWN_CONNECTIONS: usize = 256;
/// Of those, the connections of one process to the user's socket: half of them, for one with many threads.
const CONNECTIONS_OF_ONE_PROCESS: usize = 128;
/// Of those, the connections over TCP: half of them, so that one program takes no more there than of the socket.
const OWN_TCP_CONNECTIONS: usize = 128;
/// Connections of other users at once; they are only told that they are refused.
const STRANGERS_CONNECTIONS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_takes_no_place_of_another_and_leaves_its_own() {
        let places = Places::default();
        let taken: Vec<_> = std::iter::from_fn(|| places.of_process(Some(1))).collect();
        assert_eq!(taken.len(), CONNECTIONS_OF_ONE_PROCESS);
        assert!(places.of_process(Some(2)).is_some());
        assert!(places.own_tcp().is_some());
        drop(taken);
        assert!(places.processes().is_empty());
        assert!(places.of_process(Some(1)).is_some());
    }

    #[test]
    fn connections_over_tcp_take_no_place_of_the_socket_and_leave_their_own() {
        let places = Places::default();
        let taken: Vec<_> = std::iter::from_fn(|| places.own_tcp()).collect();
        assert_eq!(taken.len(), OWN_TCP_CONNECTIONS);
        let at_the_socket: Vec<_> = std::iter::from_fn(|| places.of_process(Some(1))).collect();
        assert_eq!(at_the_socket.len(), CONNECTIONS_OF_ONE_PROCESS);
        drop(taken);
        assert!(places.own_tcp().is_some());
    }

    #[test]
    fn all_processes_together_have_as_many_places_as_there_are() {
        let places = Places::default();
        let taken = |process| std::iter::from_fn(|| places.of_process(Some(process))).collect();
        let taken: Vec<Vec<_>> = (1..=5).map(taken).collect();
        assert_eq!(taken.iter().map(Vec::len).sum::<usize>(), OWN_CONNECTIONS);
        assert!(!places.processes().contains_key(&Some(5)));
        assert!(places.strangers().is_some());
    }
}
