//! Network ACLs: what their entries decide, and which entries open them.
//!
//! An ACL has no memory: a connection needs a way out and a way back in. The entry with the lowest number that matches decides, and
//! what none matches is denied. Source: Amazon VPC User Guide, "Control subnet traffic with network access control lists" (read
//! 2026-11).

use ipnet::IpNet;

use super::facts::{Entry, IMPLICIT, NetworkAcl};
use super::group::Way;
use super::ranges::{Ranges, is_v6};

/// Where answers come in: a client may be given any of these ports, a NAT gateway uses all of them.
/// Source: Amazon VPC User Guide, "Custom network ACLs", ephemeral ports (read 2026-11).
pub const EPHEMERAL: (u16, u16) = (1024, 65_535);

/// The ports that Linux gives to clients, unless it is told otherwise: without all of these nothing comes back.
/// Source: Linux, `net.ipv4.ip_local_port_range`; Amazon VPC User Guide, "Custom network ACLs", ephemeral ports (read 2026-11).
const GIVEN_TO_CLIENTS: (u16, u16) = (32_768, 60_999);

/// One direction of a connection past an ACL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leg {
    pub egress: bool,
    pub peers: Ranges,
    /// Whether every one of the peers counts, or only that one of them, which nobody here knows, can be spoken to.
    pub certain: bool,
    /// The destination ports of its packets.
    pub ports: (u16, u16),
    /// Those without which there is no connection at all.
    pub needed: (u16, u16),
}

impl Leg {
    /// Returns the way to a server's port.
    pub fn request(egress: bool, peers: &Ranges, certain: bool, port: u16) -> Self {
        Self { egress, peers: peers.clone(), certain, ports: (port, port), needed: (port, port) }
    }

    /// Returns the way back to a task.
    pub fn answer(egress: bool, peers: &Ranges, certain: bool) -> Self {
        Self { egress, peers: peers.clone(), certain, ports: EPHEMERAL, needed: GIVEN_TO_CLIENTS }
    }

    /// Returns the way back to a NAT gateway.
    pub fn answer_to_nat(peers: &Ranges, certain: bool) -> Self {
        Self { needed: EPHEMERAL, ..Self::answer(false, peers, certain) }
    }

    /// Returns whether a deny of some ports takes a share of the needed ones that somebody would notice: a connection that
    /// happens to be given one of a few ports is tried again.
    fn notices(&self, ports: (u16, u16)) -> bool {
        const NOT_NOTICED: u32 = 64;
        let width = |(from, to): (u16, u16)| u32::from(to - from) + 1;
        width(ports) * NOT_NOTICED >= width(self.needed)
    }
}

/// What becomes of some addresses at some ports.
struct Piece {
    addresses: Ranges,
    ports: (u16, u16),
    allowed: bool,
    /// The number of the entry that decides; [`IMPLICIT`] and above for none.
    number: u16,
}

/// What an ACL does to a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    pub way: Way,
    /// The entry that stands in the way, or one of them.
    pub by: u16,
    /// Whether something needed is denied for no other reason than that no entry allows it.
    missing: bool,
}

/// Cuts a leg into pieces that one entry each decides about.
fn pieces(entries: &[Entry], leg: &Leg) -> Vec<Piece> {
    let mut entries: Vec<&Entry> = entries.iter().filter(|entry| entry.egress == leg.egress && entry.tcp).collect();
    entries.sort_by_key(|entry| entry.number);
    let mut pieces = Vec::new();
    for ports in segments(&entries, leg) {
        let mut left = leg.peers.clone();
        for entry in entries.iter().filter(|entry| entry.ports.0 <= ports.0 && ports.1 <= entry.ports.1) {
            let addresses = left.within(&entry.block);
            if !addresses.is_empty() {
                left = left.without(&entry.block);
                pieces.push(Piece { addresses, ports, allowed: entry.allow, number: entry.number });
            }
        }
        if !left.is_empty() {
            pieces.push(Piece { addresses: left, ports, allowed: false, number: IMPLICIT });
        }
    }
    pieces
}

/// Cuts the leg's ports wherever an entry begins or ends, and where the needed ones do.
fn segments(entries: &[&Entry], leg: &Leg) -> Vec<(u16, u16)> {
    let (first, last) = leg.ports;
    let bounds = entries.iter().map(|entry| entry.ports).chain([leg.needed]);
    let mut starts: Vec<u32> = bounds.flat_map(|(from, to)| [u32::from(from), u32::from(to) + 1]).collect();
    starts.extend([u32::from(first), u32::from(last) + 1]);
    starts.retain(|start| (u32::from(first)..=u32::from(last) + 1).contains(start));
    starts.sort_unstable();
    starts.dedup();
    let port = |number: u32| u16::try_from(number).unwrap_or(u16::MAX);
    starts.windows(2).map(|pair| (port(pair[0]), port(pair[1] - 1))).collect()
}

/// Judges a leg by an ACL's entries.
pub fn passage(entries: &[Entry], leg: &Leg) -> Passage {
    let pieces = pieces(entries, leg);
    let is_needed = |piece: &&Piece| leg.needed.0 <= piece.ports.0 && piece.ports.1 <= leg.needed.1;
    let denied = || pieces.iter().filter(|piece| !piece.allowed);
    let missing = denied().filter(is_needed).any(|piece| piece.number >= IMPLICIT);
    let closed = closed(&pieces, leg);
    let noticed = denied().filter(is_needed).filter(|piece| leg.notices(piece.ports));
    let touched: Ranges = noticed.map(|piece| piece.addresses.clone()).collect();
    let way = match leg.certain {
        true if !closed.is_empty() => Way::Closed,
        true if missing || !touched.is_empty() => Way::Part,
        false if leg.peers.without_all(&closed).is_empty() => Way::Closed,
        // Somebody's entry against the smaller part of the addresses is no reason to think that the server is there.
        false if closed.size() > leg.peers.without_all(&closed).size() => Way::Part,
        false if missing || leg.peers.without_all(&touched).is_empty() => Way::Part,
        _ => Way::Open,
    };
    let by = deciding(&pieces, leg, &closed).unwrap_or(IMPLICIT);
    Passage { way, by, missing }
}

/// Returns the addresses that are denied at every needed port.
fn closed(pieces: &[Piece], leg: &Leg) -> Ranges {
    let mut closed = leg.peers.clone();
    let mut segments: Vec<(u16, u16)> = pieces.iter().map(|piece| piece.ports).collect();
    segments.dedup();
    for ports in segments.into_iter().filter(|ports| leg.needed.0 <= ports.0 && ports.1 <= leg.needed.1) {
        let denied = pieces.iter().filter(|piece| piece.ports == ports && !piece.allowed);
        let denied: Ranges = denied.map(|piece| piece.addresses.clone()).collect();
        closed = closed.within_all(&denied);
    }
    closed
}

/// Returns the entry that stands in the way: the first of them for a server that is at all of the addresses, the widest one for a
/// server that is at any of them.
fn deciding(pieces: &[Piece], leg: &Leg, closed: &Ranges) -> Option<u16> {
    let is_needed = |piece: &&Piece| leg.needed.0 <= piece.ports.0 && piece.ports.1 <= leg.needed.1;
    let denying = pieces.iter().filter(is_needed).filter(|piece| !piece.allowed);
    let closing =
        denying.filter(|piece| closed.is_empty() || piece.addresses.blocks().iter().any(|block| closed.overlaps(block)));
    let numbers = closing.map(|piece| piece.number);
    if leg.certain { numbers.min() } else { numbers.max() }
}

/// Which denies an entry may be put before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overrule {
    Nothing,
    /// Those that stand in the way.
    WhatStandsInTheWay,
    /// Any, because the entry is for no more than somebody said.
    Anything,
}

/// Why an ACL cannot be opened by adding entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CannotOpen {
    /// No number is free where the entry would have to be.
    NoFreeNumber { before: u16 },
    /// It would work only before somebody's own entry, which has to go on winning.
    OnlyBefore { entry: u16 },
}

/// Returns the entries that open an ACL for a leg: one for each block, as few as it takes, and none if it is open.
///
/// An entry goes behind every explicit deny that it overlaps, so that those go on winning. Only if that does not open the leg, and
/// only if it may, does it go before the one that stands in the way, and still behind those before that one.
///
/// # Errors
///
/// When a place for one of them cannot be found; then none is to be added.
pub fn open(acl: &NetworkAcl, leg: &Leg, to: &[IpNet], overrule: Overrule) -> Result<Vec<Entry>, CannotOpen> {
    let mut entries = acl.entries.clone();
    let mut new = Vec::new();
    for block in to {
        let leg = Leg { peers: leg.peers.within(block), ..leg.clone() };
        let before = passage(&entries, &leg);
        if leg.peers.is_empty() || before.way == Way::Open || !(before.missing || before.way == Way::Closed) {
            continue;
        }
        let entry = match behind(&entries, &leg, block, &before) {
            Some(entry) => entry,
            None if overrule == Overrule::Anything => overruling(&entries, &leg, block, before.by)?,
            None if overrule == Overrule::WhatStandsInTheWay && !costs_others(&entries, &leg, block, before.by) => {
                overruling(&entries, &leg, block, before.by)?
            }
            None if before.by >= IMPLICIT => return Err(CannotOpen::NoFreeNumber { before: IMPLICIT }),
            None => return Err(CannotOpen::OnlyBefore { entry: before.by }),
        };
        entries.push(entry.clone());
        new.push(entry);
    }
    Ok(new)
}

/// Returns an entry behind every explicit deny that it overlaps, if it opens something there.
fn behind(entries: &[Entry], leg: &Leg, block: &IpNet, before: &Passage) -> Option<Entry> {
    let after = denies(entries, leg, block).max().unwrap_or(0);
    let highest = used(entries, leg.egress).max().unwrap_or(0);
    // Tens leave room for whoever comes next.
    let rounded = (highest / 10 + 1) * 10;
    let number = if rounded < IMPLICIT { Some(rounded) } else { free(entries, leg.egress, after, IMPLICIT) };
    let entry = entry(leg, block, number?);
    let opened = passage(&[entries, std::slice::from_ref(&entry)].concat(), leg);
    let helps = opened.way > before.way || before.way == Way::Part && before.missing && !opened.missing;
    helps.then_some(entry)
}

/// Returns whether an entry before the one that stands in the way would also overrule denies that do not: those behind it that are
/// about other addresses, and decide about them.
fn costs_others(entries: &[Entry], leg: &Leg, block: &IpNet, by: u16) -> bool {
    let standing = entries.iter().find(|entry| entry.egress == leg.egress && entry.number == by);
    if standing.is_some_and(|entry| entry.block.contains(block)) {
        return false;
    }
    let behind: Vec<u16> = denies(entries, leg, block).filter(|number| *number > by).collect();
    let mut others = entries.iter().filter(|entry| entry.egress == leg.egress && behind.contains(&entry.number));
    others.any(|entry| !leg.peers.overlaps(&entry.block))
}

/// Returns an entry before the one that stands in the way, and behind those denies before that one.
fn overruling(entries: &[Entry], leg: &Leg, block: &IpNet, by: u16) -> Result<Entry, CannotOpen> {
    let others = denies(entries, leg, block).filter(|number| *number < by).max().unwrap_or(0);
    let number = free(entries, leg.egress, others, by.min(IMPLICIT)).ok_or(CannotOpen::NoFreeNumber { before: by })?;
    Ok(entry(leg, block, number))
}

fn entry(leg: &Leg, block: &IpNet, number: u16) -> Entry {
    Entry { number, egress: leg.egress, allow: true, tcp: true, block: *block, ports: leg.ports }
}

/// Returns the numbers of the explicit denies that take something of what an entry would allow.
fn denies<'a>(entries: &'a [Entry], leg: &'a Leg, block: &'a IpNet) -> impl Iterator<Item = u16> + 'a {
    let meets = |ports: (u16, u16)| ports.0 <= leg.ports.1 && leg.ports.0 <= ports.1;
    let denying = entries.iter().filter(|entry| entry.egress == leg.egress && entry.tcp && !entry.allow && entry.is_explicit());
    let overlapping = denying.filter(move |entry| {
        meets(entry.ports) && is_v6(&entry.block) == is_v6(block) && (entry.block.contains(block) || block.contains(&entry.block))
    });
    overlapping.map(|entry| entry.number)
}

/// Returns the numbers that are taken in a direction, whatever they are for.
fn used(entries: &[Entry], egress: bool) -> impl Iterator<Item = u16> {
    entries.iter().filter(move |entry| entry.egress == egress && entry.is_explicit()).map(|entry| entry.number)
}

/// Returns the highest free number between two.
fn free(entries: &[Entry], egress: bool, above: u16, below: u16) -> Option<u16> {
    let taken: Vec<u16> = used(entries, egress).collect();
    (above + 1..below).rev().find(|number| !taken.contains(number))
}
