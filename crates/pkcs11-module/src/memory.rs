//! The caller's memory, behind pointers that are null or good for what its function says (PKCS#11 2.40, 5.2).
//!
//! Whoever makes one of these passes the caller's promise on; null is looked for at each use. No value needs to be
//! aligned, and what is longer than its use takes is not read.
#![expect(
    unsafe_code,
    reason = "a C interface: every pointer is as good as its caller's promise"
)]

use cryptoki_sys::{
    CK_ATTRIBUTE, CK_RV, CK_ULONG, CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_VALUE_INVALID,
    CKR_BUFFER_TOO_SMALL, CKR_HOST_MEMORY,
};

use crate::answer::Answer;

/// One value of the caller.
#[derive(Clone, Copy)]
pub(crate) struct Place<T>(*mut T);

/// Bytes that the caller gives.
#[derive(Clone, Copy)]
pub(crate) struct Input {
    start: *const u8,
    len: CK_ULONG,
}

/// Room of the caller for so many values.
#[derive(Clone, Copy)]
pub(crate) struct Space<T> {
    start: *mut T,
    len: CK_ULONG,
}

/// Where the caller wants several values, and how many fit.
#[derive(Clone, Copy)]
pub(crate) struct Output<T> {
    start: *mut T,
    len: Place<CK_ULONG>,
}

/// What the caller has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// It asks for the length alone.
    LengthAlone,
    /// Everything.
    Enough,
}

/// Attributes that the caller names, each with a value or room for one.
#[derive(Clone, Copy)]
pub(crate) struct Template {
    start: *mut CK_ATTRIBUTE,
    count: CK_ULONG,
}

impl<T: Copy> Place<T> {
    /// # Safety
    /// `place` is null or good for a value, and nobody else uses it meanwhile.
    pub(crate) const unsafe fn new(place: *mut T) -> Self {
        Self(place)
    }

    pub(crate) fn is_null(self) -> bool {
        self.0.is_null()
    }

    /// # Errors
    /// `CKR_ARGUMENTS_BAD` for null.
    pub(crate) fn read(self) -> Answer<T> {
        if self.0.is_null() {
            return Err(CKR_ARGUMENTS_BAD);
        }
        // SAFETY: not null, so good for a value, by the promise of `new`.
        Ok(unsafe { self.0.read_unaligned() })
    }

    /// # Errors
    /// `CKR_ARGUMENTS_BAD` for null.
    pub(crate) fn write(self, value: T) -> Answer {
        if self.0.is_null() {
            return Err(CKR_ARGUMENTS_BAD);
        }
        // SAFETY: not null, so good for a value, by the promise of `new`.
        unsafe { self.0.write_unaligned(value) };
        Ok(())
    }
}

impl Input {
    /// # Safety
    /// `start` is null or good for `len` bytes.
    pub(crate) const unsafe fn new(start: *const u8, len: CK_ULONG) -> Self {
        Self { start, len }
    }

    pub(crate) fn is_null(self) -> bool {
        self.start.is_null()
    }

    /// A copy of the bytes, of which there may be so many. More are not looked at.
    ///
    /// # Errors
    /// `too_long` for more; `CKR_ARGUMENTS_BAD` for null, unless there are none; `CKR_HOST_MEMORY`.
    pub(crate) fn bytes(self, most: usize, too_long: CK_RV) -> Answer<Vec<u8>> {
        let len = length(self.len);
        if len > most {
            return Err(too_long);
        }
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(len).map_err(|_| CKR_HOST_MEMORY)?;
        self.in_parts(|part| bytes.extend_from_slice(part))?;
        Ok(bytes)
    }

    /// Gives a copy of the bytes part by part, however many there are.
    ///
    /// # Errors
    /// `CKR_ARGUMENTS_BAD` for null, unless there are none, and for more than any memory has.
    pub(crate) fn in_parts(self, mut take: impl FnMut(&[u8])) -> Answer {
        let len = length(self.len);
        if len == 0 {
            return Ok(());
        }
        if self.start.is_null() || isize::try_from(len).is_err() {
            return Err(CKR_ARGUMENTS_BAD);
        }
        let mut part = [0; PART_LEN];
        let mut done = 0;
        while done < len {
            let next = PART_LEN.min(len - done);
            let start = self.start.wrapping_add(done);
            // SAFETY: not null, and good for `len` bytes, by the promise of `new`; `part` has room for so many, and
            // nobody else has it.
            unsafe { part.as_mut_ptr().copy_from_nonoverlapping(start, next) };
            take(part.get(..next).unwrap_or_default());
            done += next;
        }
        Ok(())
    }

    /// Whether the bytes are these.
    pub(crate) fn is(self, bytes: &[u8]) -> bool {
        length(self.len) == bytes.len()
            && self.bytes(bytes.len(), CKR_ARGUMENTS_BAD).as_deref() == Ok(bytes)
    }
}

impl<T: Copy> Space<T> {
    /// # Safety
    /// `start` is null or good for `len` values, and nobody else uses them meanwhile.
    pub(crate) const unsafe fn new(start: *mut T, len: CK_ULONG) -> Self {
        Self { start, len }
    }

    /// How many fit.
    pub(crate) fn len(self) -> usize {
        length(self.len)
    }

    /// Gives the values.
    ///
    /// # Errors
    /// `CKR_ARGUMENTS_BAD` for null, or too little room.
    pub(crate) fn fill(self, values: &[T]) -> Answer {
        if self.start.is_null() || self.len() < values.len() {
            return Err(CKR_ARGUMENTS_BAD);
        }
        // SAFETY: not null and with room for them all, by the promise of `new`.
        unsafe { write_all(self.start, values) };
        Ok(())
    }
}

impl<T: Copy> Output<T> {
    /// # Safety
    /// `start` is null or good for as many values as stand in `len`, and nobody else uses them meanwhile.
    pub(crate) const unsafe fn new(start: *mut T, len: Place<CK_ULONG>) -> Self {
        Self { start, len }
    }

    /// Whether the caller has no place for values and asks how many there are.
    ///
    /// # Errors
    /// `CKR_ARGUMENTS_BAD` for no place for the length.
    pub(crate) fn asks_for_length(self) -> Answer<bool> {
        self.len.read()?;
        Ok(self.start.is_null())
    }

    /// Whether so many values fit; says how many there are in any case (5.2).
    ///
    /// # Errors
    /// `CKR_BUFFER_TOO_SMALL`, `CKR_ARGUMENTS_BAD` for no place for the length.
    pub(crate) fn room_for(self, needed: usize) -> Answer<Room> {
        let room = self.len.read()?;
        let needed = CK_ULONG::try_from(needed).map_err(|_| CKR_ARGUMENTS_BAD)?;
        self.len.write(needed)?;
        if self.start.is_null() {
            Ok(Room::LengthAlone)
        } else if room < needed {
            Err(CKR_BUFFER_TOO_SMALL)
        } else {
            Ok(Room::Enough)
        }
    }

    /// Gives the values, or says how many there are.
    ///
    /// # Errors
    /// As [`room_for`](Self::room_for).
    pub(crate) fn put(self, values: &[T]) -> Answer {
        if self.room_for(values.len())? == Room::LengthAlone {
            return Ok(());
        }
        // SAFETY: not null and with room for them all, by the promise of `new`.
        unsafe { write_all(self.start, values) };
        Ok(())
    }
}

/// Writes values where they may stand, aligned or not.
///
/// # Safety
/// `start` is good for as many values, and nobody else uses them meanwhile; no reference of ours leads there.
unsafe fn write_all<T: Copy>(start: *mut T, values: &[T]) {
    let from = values.as_ptr().cast::<u8>();
    // SAFETY: the caller's promise; bytes need no alignment.
    unsafe {
        let start = start.cast::<u8>();
        start.copy_from_nonoverlapping(from, size_of_val(values));
    }
}

impl Template {
    /// # Safety
    /// `start` is null or good for `count` attributes, whose values are null or as long as they say; nobody else uses
    /// any of it meanwhile.
    pub(crate) const unsafe fn new(start: *mut CK_ATTRIBUTE, count: CK_ULONG) -> Self {
        Self { start, count }
    }

    /// Looks whether there are as many attributes as any program gives, each with a value.
    ///
    /// # Errors
    /// `CKR_ARGUMENTS_BAD` for null, unless there are none, and for too many; `CKR_ATTRIBUTE_VALUE_INVALID` for a value of
    /// null.
    pub(crate) fn check(self) -> Answer {
        let has_value = |_, value: Input| value.len == 0 || !value.is_null();
        if self.all(has_value)? {
            Ok(())
        } else {
            Err(CKR_ATTRIBUTE_VALUE_INVALID)
        }
    }

    /// Whether all attributes fit, each with its value.
    ///
    /// # Errors
    /// `CKR_ARGUMENTS_BAD` for null, unless there are none, and for too many.
    pub(crate) fn all(self, fits: impl Fn(CK_ULONG, Input) -> bool) -> Answer<bool> {
        for at in 0..self.count()? {
            let attribute = self.attribute(at).read()?;
            // SAFETY: null or as long as it says, by the promise of `new`.
            let value = unsafe { Input::new(attribute.pValue.cast::<u8>(), attribute.ulValueLen) };
            if !fits(attribute.type_, value) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether an attribute of this kind has this value.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub(crate) fn has(self, kind: CK_ULONG, value: &[u8]) -> Answer<bool> {
        let lacks_it = self.all(|other, of| other != kind || !of.is(value))?;
        Ok(!lacks_it)
    }

    /// Has each attribute answered: by its value, or by why it has none; the first such is the answer (5.7).
    ///
    /// # Errors
    /// `CKR_ARGUMENTS_BAD` for null, `CKR_BUFFER_TOO_SMALL`, and what `find` says.
    pub(crate) fn answer(self, find: impl Fn(CK_ULONG) -> Answer<Vec<u8>>) -> Answer {
        let mut first = Ok(());
        for at in 0..self.count()? {
            let place = self.attribute(at);
            let mut attribute = place.read()?;
            let mut len = attribute.ulValueLen;
            let answered = find(attribute.type_).and_then(|value| {
                // SAFETY: our own length; the value is null or as long as it says, by the promise of `new`.
                unsafe {
                    let len = Place::new(&raw mut len);
                    Output::new(attribute.pValue.cast::<u8>(), len).put(&value)
                }
            });
            attribute.ulValueLen = if answered.is_ok() { len } else { UNAVAILABLE };
            place.write(attribute)?;
            first = first.and(answered);
        }
        first
    }

    /// Whether an attribute of this kind has no place for its value, so that its length is asked for; `None` where no
    /// attribute is of this kind.
    ///
    /// # Errors
    /// `CKR_ARGUMENTS_BAD` for null.
    pub(crate) fn asks_length_of(self, kind: CK_ULONG) -> Answer<Option<bool>> {
        for at in 0..self.count()? {
            let attribute = self.attribute(at).read()?;
            if attribute.type_ == kind {
                return Ok(Some(attribute.pValue.is_null()));
            }
        }
        Ok(None)
    }

    fn count(self) -> Answer<usize> {
        let count = length(self.count);
        if count > MOST_ATTRIBUTES || (count > 0 && self.start.is_null()) {
            return Err(CKR_ARGUMENTS_BAD);
        }
        Ok(count)
    }

    fn attribute(self, at: usize) -> Place<CK_ATTRIBUTE> {
        Place(self.start.wrapping_add(at))
    }
}

fn length(len: CK_ULONG) -> usize {
    usize::try_from(len).unwrap_or(usize::MAX)
}

/// Bytes of the caller that are copied at once.
const PART_LEN: usize = 4096;
/// Far more than there are kinds of attributes.
const MOST_ATTRIBUTES: usize = 1 << 20;
/// `CK_UNAVAILABLE_INFORMATION`.
const UNAVAILABLE: CK_ULONG = CK_ULONG::MAX;
