//! The caller's memory, behind pointers that are null or good for what its function says (PKCS#11 2.40, 5.2).
//!
//! Whoever makes one of these passes the caller's promise on; null is looked for at each use.
#![expect(
    unsafe_code,
    reason = "a C interface: every pointer is as good as its caller's promise"
)]

use std::slice;

use cryptoki_sys::{
    CK_ATTRIBUTE, CK_ULONG, CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_VALUE_INVALID, CKR_BUFFER_TOO_SMALL,
};

use crate::answer::Answer;

/// One value of the caller.
#[derive(Clone, Copy)]
pub(crate) struct Place<T>(*mut T);

/// Bytes that the caller gives.
#[derive(Clone, Copy)]
pub(crate) struct Input<T> {
    start: *const T,
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

impl<T: Copy> Input<T> {
    /// # Safety
    /// `start` is null or good for `len` values, which nobody changes meanwhile.
    pub(crate) const unsafe fn new(start: *const T, len: CK_ULONG) -> Self {
        Self { start, len }
    }

    pub(crate) fn is_null(self) -> bool {
        self.start.is_null()
    }

    /// A copy of the values.
    ///
    /// # Errors
    /// `CKR_ARGUMENTS_BAD` for null, unless there are none, and for more than any memory has.
    pub(crate) fn values(self) -> Answer<Vec<T>> {
        let len = len_in_memory::<T>(self.len)?;
        if len == 0 {
            return Ok(Vec::new());
        }
        if self.start.is_null() {
            return Err(CKR_ARGUMENTS_BAD);
        }
        if !self.start.is_aligned() {
            return Err(CKR_ARGUMENTS_BAD);
        }
        // SAFETY: not null and aligned, so good for `len` values, by the promise of `new`.
        Ok(unsafe { slice::from_raw_parts(self.start, len) }.to_vec())
    }

    /// How many there are said to be.
    pub(crate) fn len(self) -> usize {
        usize::try_from(self.len).unwrap_or(usize::MAX)
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
        // SAFETY: not null and with room for them all, by the promise of `new`; no reference of ours leads there.
        unsafe {
            self.start
                .copy_from_nonoverlapping(values.as_ptr(), values.len())
        };
        Ok(())
    }
}

/// Gives values where the caller has room for at least as many.
///
/// # Errors
/// `CKR_ARGUMENTS_BAD` for null, or too little room.
pub(crate) fn fill<T: Copy>(place: Input<T>, values: &[T]) -> Answer {
    if place.start.is_null() || place.len() < values.len() {
        return Err(CKR_ARGUMENTS_BAD);
    }
    // SAFETY: not null and with room for them all, by the promise of `Input::new`; a place that is to be filled is
    // made of a pointer to change by (`C_GenerateRandom`, `C_FindObjects`).
    unsafe {
        let start = place.start.cast_mut();
        start.copy_from_nonoverlapping(values.as_ptr(), values.len());
    }
    Ok(())
}

impl Template {
    /// # Safety
    /// `start` is null or good for `count` attributes, whose values are null or as long as they say; nobody else uses
    /// any of it meanwhile.
    pub(crate) const unsafe fn new(start: *mut CK_ATTRIBUTE, count: CK_ULONG) -> Self {
        Self { start, count }
    }

    /// Each attribute with its value.
    ///
    /// # Errors
    /// `CKR_ARGUMENTS_BAD` for null, unless there are none, `CKR_ATTRIBUTE_VALUE_INVALID` for a value of null.
    pub(crate) fn values(self) -> Answer<Vec<(CK_ULONG, Vec<u8>)>> {
        let mut values = Vec::new();
        for at in 0..self.count()? {
            let attribute = self.attribute(at).read()?;
            // SAFETY: null or as long as it says, by the promise of `new`.
            let value = unsafe { Input::new(attribute.pValue.cast::<u8>(), attribute.ulValueLen) };
            let value = value.values().map_err(|_| CKR_ATTRIBUTE_VALUE_INVALID)?;
            values.push((attribute.type_, value));
        }
        Ok(values)
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
        let count = len_in_memory::<CK_ATTRIBUTE>(self.count)?;
        if count > 0 && self.start.is_null() {
            return Err(CKR_ARGUMENTS_BAD);
        }
        Ok(count)
    }

    fn attribute(self, at: usize) -> Place<CK_ATTRIBUTE> {
        Place(self.start.wrapping_add(at))
    }
}

/// A length that some memory could have.
fn len_in_memory<T>(len: CK_ULONG) -> Answer<usize> {
    let len = usize::try_from(len).map_err(|_| CKR_ARGUMENTS_BAD)?;
    let bytes = len.checked_mul(size_of::<T>());
    bytes
        .filter(|bytes| isize::try_from(*bytes).is_ok())
        .map(|_| len)
        .ok_or(CKR_ARGUMENTS_BAD)
}

/// `CK_UNAVAILABLE_INFORMATION`.
const UNAVAILABLE: CK_ULONG = CK_ULONG::MAX;
