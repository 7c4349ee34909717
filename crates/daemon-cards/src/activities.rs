//! Where the holder works: the card's list without a code, what it says of each place after it.

use card_profiles::CpxCard;
use daemon_types::{Activity, OperationError};
use igc_sante::nomenclature::{Nomenclature, Table};
use tokio::sync::oneshot;

use crate::fault::from_card_error;
use crate::job::Job;
use crate::open_card::{GoOn, OpenCard};
use crate::source::AfterUse;
use crate::summary::coded_label;
use crate::way_to_card::open;
use crate::worker_link::Unanswered;
use crate::{CardInReader, Cards, HolderCodeError, HolderPin};

impl Cards {
    /// Numbers of the places of work that the card lists, for which nobody types a code; `None` where
    /// it lists them only after the code.
    ///
    /// # Errors
    /// What the card or its reader says.
    pub async fn activity_numbers(
        &self,
        card: &CardInReader,
    ) -> Result<Option<Vec<u8>>, OperationError> {
        let (reply, answer) = oneshot::channel();
        let insertion = card.insertion;
        let job = Job::ListActivities { insertion, reply };
        let progress = self.give(card, job, |queue| &queue.looks)?;
        let listed = progress.answer(answer).await;
        listed.map_err(Unanswered::into_error)
    }

    /// Presents the code and reads the places of work, in one transaction.
    ///
    /// Dropping the future before the worker took the job takes the job back.
    ///
    /// # Errors
    /// [`HolderCodeError`]; the card of another insertion is never touched.
    pub async fn activities(
        &self,
        card: &CardInReader,
        pin: impl Into<HolderPin>,
    ) -> Result<Vec<Activity>, HolderCodeError> {
        let pin = pin.into();
        let (reply, answer) = oneshot::channel();
        let insertion = card.insertion;
        let job = Job::ReadActivities {
            insertion,
            pin,
            reply,
        };
        let progress = self.give(card, job, |queue| &queue.uses)?;
        let read = progress.answer(answer).await;
        read.map_err(Unanswered::into_error)
    }
}

impl OpenCard {
    /// The numbers of the places of work, where they are told without the code.
    pub(crate) fn list_activities(&mut self) -> Result<Option<Vec<u8>>, OperationError> {
        self.in_transaction(|mut transaction, profile, memory| {
            let mut card = open(&mut *transaction, profile, memory)?;
            card.activity_numbers().map_err(from_card_error)
        })
    }

    /// VERIFY and the reads, in one transaction that ends without the state that we made.
    pub(crate) fn read_activities(
        &mut self,
        pin: &HolderPin,
        nomenclature: &Nomenclature,
        after_use: AfterUse,
        go_on: &GoOn<'_>,
    ) -> Result<Vec<Activity>, HolderCodeError> {
        let read = self.present_code(after_use.into(), |card| verify_and_read(card, pin, go_on))?;
        let activities = read.into_iter().map(|activity| Activity {
            number: activity.number,
            place: activity.place,
            structure_id: activity.structure_id,
            sector: activity
                .sector
                .map(|code| coded_label(nomenclature, Table::Sectors, &code)),
        });
        Ok(activities.collect())
    }
}

/// The list first, where the card has it without the code, then VERIFY, then the files; before VERIFY, whether to go on.
fn verify_and_read(
    card: &mut dyn CpxCard,
    pin: &HolderPin,
    go_on: &GoOn<'_>,
) -> Result<Vec<card_profiles::Activity>, HolderCodeError> {
    card.activity_numbers().map_err(from_card_error)?;
    go_on()?;
    pin.present(card)?;
    Ok(card.activities().map_err(from_card_error)?)
}
