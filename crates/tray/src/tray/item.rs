//! The icon on the bus (StatusNotifierItem) and its menu (com.canonical.dbusmenu).

use std::sync::mpsc::{Sender, SyncSender};

use ksni::menu::{CheckmarkItem, StandardItem, SubMenu};
use ksni::{Category, Icon, MenuItem, OfflineReason, Status, ToolTip, Tray};
use texts::TrayTexts;

use super::Message;
use super::condition::Condition;
use super::menu::{Action, Entry, Place, are_alike, places};
use super::notifier::without_markup;
use super::picture::pictures;
use super::words::wants_attention;

/// What the icon shows at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) condition: Condition,
    /// All in a line.
    pub(crate) title: String,
    /// What is wrong and what to do, where something is.
    pub(crate) detail: String,
    pub(crate) menu: Vec<Entry>,
}

/// The icon.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) view: View,
    pub(crate) texts: TrayTexts,
    pub(crate) messages: Sender<Message>,
    /// Ends the pause in which no agent is looked for.
    pub(crate) sooner: SyncSender<()>,
    /// Whether a line that nobody sees is at the end of the menu.
    pub(crate) has_spare_line: bool,
}

impl Item {
    /// Shows this from now on.
    ///
    /// A panel names what is clicked by a number. `ksni` gives new numbers to a menu of another shape
    /// alone; so where a line does something else than it did, the shape is made another one, and a
    /// click on the line as it was is refused.
    pub(crate) fn show(&mut self, view: View, texts: TrayTexts) {
        let (before, after) = (places(&self.view.menu), places(&view.menu));
        if before != after {
            let spare = self.has_spare_line.then_some(Place::Still);
            let shown = [before.as_slice(), spare.as_slice()].concat();
            self.has_spare_line = are_alike(&shown, &after);
        }
        self.view = view;
        self.texts = texts;
    }

    fn choose(&mut self, action: &Action) {
        // The program is about to end where nobody listens.
        let _ = self.messages.send(Message::Chosen(action.clone()));
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        let _ = self.messages.send(Message::IconGone);
    }
}

impl Tray for Item {
    const MENU_ON_ACTIVATE: bool = true;

    fn id(&self) -> String {
        "cpxd".into()
    }

    fn category(&self) -> Category {
        Category::Hardware
    }

    fn title(&self) -> String {
        format!("cpxd – {}", self.view.title)
    }

    fn status(&self) -> Status {
        if wants_attention(self.view.condition) {
            Status::NeedsAttention
        } else {
            Status::Active
        }
    }

    fn icon_pixmap(&self) -> Vec<Icon> {
        icons(self.view.condition)
    }

    fn attention_icon_pixmap(&self) -> Vec<Icon> {
        icons(self.view.condition)
    }

    fn tool_tip(&self) -> ToolTip {
        ToolTip {
            title: "cpxd".into(),
            description: without_markup(&self.tip()),
            ..ToolTip::default()
        }
    }

    fn menu(&self) -> Vec<MenuItem<Self>> {
        let lines = self.view.menu.iter().map(on_the_bus);
        lines.chain(self.has_spare_line.then(spare_line)).collect()
    }

    fn menu_about_to_show(&mut self) {
        let _ = self.messages.send(Message::MenuOpens);
        // Full means that it was told already.
        let _ = self.sooner.try_send(());
    }

    fn watcher_online(&self) {
        tracing::info!("a panel shows the icon");
    }

    fn watcher_offline(&self, reason: OfflineReason) -> bool {
        tracing::info!(?reason, "{}", self.texts.no_panel_yet());
        true
    }
}

impl Item {
    fn tip(&self) -> String {
        if self.view.detail.is_empty() {
            self.view.title.clone()
        } else {
            format!("{}\n{}", self.view.title, self.view.detail)
        }
    }
}

fn icons(condition: Condition) -> Vec<Icon> {
    let icons = pictures(condition).into_iter().map(|picture| Icon {
        width: picture.side.into(),
        height: picture.side.into(),
        data: picture.argb,
    });
    icons.collect()
}

fn spare_line() -> MenuItem<Item> {
    StandardItem {
        enabled: false,
        visible: false,
        ..StandardItem::default()
    }
    .into()
}

fn on_the_bus(entry: &Entry) -> MenuItem<Item> {
    match entry {
        Entry::Line(words) => StandardItem {
            label: label(words),
            enabled: false,
            ..StandardItem::default()
        }
        .into(),
        Entry::Action(words, action) => {
            let action = action.clone();
            StandardItem {
                label: label(words),
                activate: Box::new(move |item: &mut Item| item.choose(&action)),
                ..StandardItem::default()
            }
            .into()
        }
        Entry::Choice(words, checked, action) => {
            let action = action.clone();
            CheckmarkItem {
                label: label(words),
                checked: *checked,
                activate: Box::new(move |item: &mut Item| item.choose(&action)),
                ..CheckmarkItem::default()
            }
            .into()
        }
        Entry::Submenu(words, entries) => SubMenu {
            label: label(words),
            submenu: entries.iter().map(on_the_bus).collect(),
            ..SubMenu::default()
        }
        .into(),
        Entry::Separator => MenuItem::Separator,
    }
}

/// In a label of dbusmenu, one underscore marks the letter after it, and two are one.
fn label(words: &str) -> String {
    words.replace('_', "__")
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use texts::Language;

    use super::super::sample::workstation;
    use super::super::words::Speaker;
    use super::super::world::{Workstation, World};
    use super::super::{KeptMemory, view};
    use super::*;

    fn shown(change: impl FnOnce(&mut Workstation)) -> View {
        let mut workstation = workstation();
        change(&mut workstation);
        let world = World::Workstation(Box::new(workstation));
        let memory = KeptMemory::read("no such file".as_ref());
        view(&world, Speaker::new(Language::English), &memory)
    }

    /// What panel and `ksni` see of a menu.
    fn shape(item: &Item) -> Vec<Place> {
        let spare = item.has_spare_line.then_some(Place::Still);
        [places(&item.view.menu).as_slice(), spare.as_slice()].concat()
    }

    /// Whether each of these views has another shape than the one before it.
    fn changes(views: Vec<View>) -> Vec<bool> {
        let texts = TrayTexts::new(Language::English);
        let mut item = Item {
            view: shown(|_| {}),
            texts,
            messages: mpsc::channel().0,
            sooner: mpsc::sync_channel(1).0,
            has_spare_line: false,
        };
        let changes = views.into_iter().map(|view| {
            let before = shape(&item);
            item.show(view, texts);
            !are_alike(&before, &shape(&item))
        });
        changes.collect()
    }

    #[test]
    fn a_line_that_does_something_else_is_in_a_menu_of_another_shape() {
        let session = |id: &str| shown(|station| station.sessions[0].id = id.into());
        let grant = |id: &str| shown(|station| station.grants[0].id = Some(id.into()));
        let card = |id: &str| shown(|station| station.cards[0].id = id.into());
        let views = vec![
            session("s2"),
            session("s3"),
            grant("g3"),
            grant("g4"),
            card("c2"),
            card("c3"),
        ];
        assert_eq!(changes(views), [true; 6]);
    }

    #[test]
    fn a_line_more_in_place_of_the_spare_one_is_another_shape_too() {
        let other_session = shown(|station| station.sessions[0].id = "s2".into());
        let second_card = shown(|station| {
            station.sessions[0].id = "s3".into();
            station.readers[0].problem = Some("card-unknown".into());
        });
        assert_eq!(changes(vec![other_session, second_card]), [true; 2]);
    }

    #[test]
    fn words_alone_leave_the_open_menu_as_it_is() {
        let fewer_tries = shown(|station| station.cards[0].pin.tries_left = Some(2));
        assert_eq!(changes(vec![fewer_tries, shown(|_| {})]), [false; 2]);
    }
}
