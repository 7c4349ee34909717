//! What the official module exchanges with the same card, command by command as it was recorded
//! (Cryptolib CPS 5.2.2 for Linux, an empty cache): the yardstick for bytes.

use crate::counted_card::CountedCard;

/// Bytes both ways from its connection to both certificates, and the commands that carry them.
pub(crate) fn first_contact(card: &mut CountedCard) -> (usize, usize) {
    let mut module = OfficialModule {
        card,
        commands: 0,
        bytes: 0,
    };
    module.send(&[
        0x01, 0xA4, 0x04, 0x0C, 0x08, 0x80, 0x25, 0, 0, 1, 0xFF, 0x01, 0x00,
    ]);
    module.read(&[0xD0, 0x03], 1);
    module.read(&[0x2F, 0x00], 2);
    module.send(&[0x01, 0xA4, 0x08, 0x00, 0x02, 0x00, 0x01]);
    for (file, selections) in [([0x50, 0x31], 2), ([0x50, 0x32], 2), ([0x70, 0x01], 1)] {
        module.read_in_application(file, selections);
    }
    for code in [0x01, 0x02] {
        module.send(&[0x01, 0x20, 0x00, code]);
    }
    for file in [0x02, 0x03, 0x05, 0x06] {
        module.read_in_application([0x70, file], 1);
    }
    for file in [0x01, 0x02] {
        module.read_in_application([0xA0, file], 1);
    }
    (module.commands, module.bytes)
}

struct OfficialModule<'c> {
    card: &'c mut CountedCard,
    commands: usize,
    bytes: usize,
}

impl OfficialModule<'_> {
    fn send(&mut self, command: &[u8]) -> Vec<u8> {
        let answer = self.card.disturb(command);
        self.commands += 1;
        self.bytes += command.len() + answer.len();
        assert!(!answer.starts_with(&[0x6A]), "{command:02X?}");
        answer
    }

    fn read_in_application(&mut self, [high, low]: [u8; 2], selections: usize) {
        self.read(&[0x00, 0x01, high, low], selections);
    }

    /// SELECT with control information, which tells the size, and READ BINARY of at most 256 bytes a time.
    fn read(&mut self, path: &[u8], selections: usize) {
        let len = u8::try_from(path.len()).unwrap();
        let select = [&[0x01, 0xA4, 0x08, 0x00, len], path, &[0x00]].concat();
        let mut information = Vec::new();
        for _ in 0..selections {
            information = self.send(&select);
        }
        let size = information.get(4..6).unwrap();
        let size = u16::from_be_bytes(size.try_into().unwrap());
        for offset in (0..size).step_by(256) {
            let [high, low] = offset.to_be_bytes();
            let le = (size - offset).min(256).to_be_bytes()[1];
            self.send(&[0x01, 0xB0, high, low, le]);
        }
    }
}
