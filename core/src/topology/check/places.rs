//! Zones with the ways between them, and hosts.
use super::super::catalog::{HOST, ROUND_TRIP, ZONE};
use super::super::fault::{Fault, Place};
use super::super::plan::{PlanHost, PlanZone};
use super::super::reader::Reader;
use super::super::spec::Topology;
use super::names::Names;
use crate::math;
use crate::time::Span;

/// The mean radius of the earth, in km (IUGG 1980).
const EARTH_KM: f64 = 6_371.0;
/// Light in glass covers so many km in a second: 2/3 of its speed in a vacuum.
const FIBRE_KM_PER_SECOND: f64 = 200_000.0;
/// Cables are so many times longer than the great circle. An assumption, in the middle of what traces show (1.3 to 2).
const DETOUR: f64 = 1.5;

/// The zones, and the way from each to each, row by row.
pub(super) fn zones(
    document: &Topology,
    names: &Names,
    faults: &mut Vec<Fault>,
) -> (Vec<PlanZone>, Vec<Span>) {
    let mut zones = Vec::new();
    for (i, zone) in document.zones.iter().enumerate() {
        let called = format!("zone \"{}\"", zone.id);
        let mut r = Reader { params: &zone.params, rows: ZONE, place: Place::Zone(i), called, faults };
        r.refuse_strangers();
        drawn(zone.area, &mut r);
        let position = (r.number("latitude"), r.number("longitude"));
        let label = if zone.label.is_empty() { zone.id.clone() } else { zone.label.clone() };
        zones.push(PlanZone { id: zone.id.clone(), label, position });
    }
    let n = zones.len();
    let mut one_way: Vec<Span> = (0..n * n).map(|i| by_distance(&zones[i / n], &zones[i % n])).collect();
    for (i, stated) in document.round_trips.iter().enumerate() {
        let called = format!("round trip \"{}\" to \"{}\"", stated.from, stated.to);
        let place = Place::RoundTrip(i);
        let mut r = Reader { params: &stated.params, rows: ROUND_TRIP, place, called, faults };
        r.refuse_strangers();
        let time = r.span("time");
        let mut end = |field: &str, id: &str| {
            let place = names.zones.get(id).copied();
            if place.is_none() {
                r.fault(Some(field), format!("there is no zone \"{id}\"; name one that is there"));
            }
            place
        };
        if let (Some(from), Some(to)) = (end("from", &stated.from), end("to", &stated.to)) {
            one_way[from * n + to] = Span(time.0 / 2);
            one_way[to * n + from] = Span(time.0 / 2);
        }
    }
    (zones, one_way)
}

/// A fault where a region is drawn outside of the canvas, or inside out.
fn drawn(area: Option<[f64; 4]>, r: &mut Reader) {
    let Some([x, y, width, height]) = area else { return };
    let is_on_canvas = [x, y, width, height].iter().all(|n| n.is_finite() && n.abs() <= 1e6);
    if !is_on_canvas || width < 0.0 || height < 0.0 {
        let what = "it is left, top, width and height on the canvas, which reaches a million each way";
        r.fault(Some("area"), what.to_owned());
    }
}

/// One way along the great circle (haversine formula), with the detours of cables.
fn by_distance(a: &PlanZone, b: &PlanZone) -> Span {
    let radians = |degrees: f64| degrees * std::f64::consts::PI / 180.0;
    let half_sine = |degrees: f64| math::sin(radians(degrees) / 2.0);
    let ((lat_a, lon_a), (lat_b, lon_b)) = (a.position, b.position);
    let (dlat, dlon) = (half_sine(lat_b - lat_a), half_sine(lon_b - lon_a));
    let h = dlat * dlat + math::cos(radians(lat_a)) * math::cos(radians(lat_b)) * dlon * dlon;
    let km = 2.0 * EARTH_KM * math::asin(h.sqrt().min(1.0));
    Span::from_secs(km * DETOUR / FIBRE_KM_PER_SECOND)
}

pub(super) fn hosts(document: &Topology, faults: &mut Vec<Fault>) -> Vec<PlanHost> {
    let mut hosts = Vec::new();
    for (i, host) in document.hosts.iter().enumerate() {
        let called = format!("host \"{}\"", host.id);
        let mut r = Reader { params: &host.params, rows: HOST, place: Place::Host(i), called, faults };
        r.refuse_strangers();
        drawn(host.area, &mut r);
        let label = if host.label.is_empty() { host.id.clone() } else { host.label.clone() };
        hosts.push(PlanHost {
            id: host.id.clone(),
            label,
            cores: r.count("cores"),
            speed: r.number("speed"),
        });
    }
    hosts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_outside_of_the_canvas_or_inside_out_is_a_fault() {
        for (area, is_right) in [
            (None, true),
            (Some([-40.0, 0.0, 300.0, 200.0]), true),
            (Some([0.0, 0.0, -1.0, 200.0]), false),
            (Some([2e6, 0.0, 1.0, 1.0]), false),
            (Some([f64::NAN, 0.0, 1.0, 1.0]), false),
        ] {
            let zone = super::super::super::spec::Zone { id: "east".to_owned(), area, ..Default::default() };
            let document = Topology { zones: vec![zone], ..crate::topology::three_tier() };
            assert_eq!(crate::topology::check(&document).is_ok(), is_right, "{area:?}");
        }
    }

    #[test]
    fn the_way_between_two_cities_is_what_the_map_says() {
        let at = |id: &str, position| PlanZone { id: id.to_owned(), label: String::new(), position };
        let (frankfurt, virginia) = (at("frankfurt", (50.1, 8.7)), at("virginia", (39.0, -77.5)));
        // 6,520 km by the great circle (to 1 %), 48.9 ms one way; measured round trips are about 90 ms.
        let span = by_distance(&frankfurt, &virginia).as_secs();
        assert!((span / 0.0489 - 1.0).abs() < 0.01, "{span}");
        assert_eq!(by_distance(&virginia, &virginia), Span::ZERO);
        assert_eq!(by_distance(&virginia, &frankfurt), by_distance(&frankfurt, &virginia));
    }
}
