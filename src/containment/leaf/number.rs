//! Numbers within bounds, on steps, beside steps.

use std::rc::Rc;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, Zero};
use serde_json::Value;

use crate::openapi::is_multiple;

use super::super::constraints::Constraints;
use super::super::number::{ceiling, common_multiple, one, written};
use super::super::solution::Solution;

/// Bits of a step.
const LONGEST: u64 = 3_000;

/// Multiples that are tried before the question is given up.
const TRIES: usize = 4_000;

pub(super) fn leaf(constraints: &Constraints) -> Solution {
    let mut step: Option<BigRational> = None;
    for next in &constraints.steps {
        let both = step.map_or_else(|| next.clone(), |step| common_multiple(&step, next));
        if both.numer().bits() + both.denom().bits() > LONGEST {
            return Solution::Unknown("the steps have too long a common multiple");
        }
        step = Some(both);
    }
    match step {
        Some(step) => on_steps(constraints, &step),
        None => anywhere(constraints),
    }
}

fn is_within(constraints: &Constraints, number: &BigRational) -> bool {
    constraints.least.as_ref().is_none_or(|(bound, out)| number > bound || (!out && number == bound))
        && constraints.most.as_ref().is_none_or(|(bound, out)| number < bound || (!out && number == bound))
}

/// The JSON value of a number that meets every constraint.
fn accepted(constraints: &Constraints, number: &BigRational) -> Option<Value> {
    if !is_within(constraints, number) || constraints.not_steps.iter().any(|step| is_multiple(number, step)) {
        return None;
    }
    let value = Value::Number(written(number)?);
    (!constraints.exclude(&value)).then_some(value)
}

fn on_steps(constraints: &Constraints, step: &BigRational) -> Solution {
    // Every multiple of the one is a multiple of the other.
    if constraints.not_steps.iter().any(|other| is_multiple(step, other)) {
        return Solution::Empty;
    }
    let least = constraints.least.as_ref().map(|(bound, _)| ceiling(&(bound / step)));
    let most = constraints.most.as_ref().map(|(bound, _)| (bound / step).floor().to_integer());
    let zero = BigInt::zero();
    // From zero outward where zero is inside, else from the bound inward.
    let (start, way) = match (&least, &most) {
        (Some(least), _) if least.is_positive() => (least.clone(), 1),
        (_, Some(most)) if most.is_negative() => (most.clone(), -1),
        _ => (zero, 0),
    };
    let mut gone = [false, false];
    for try_ in 0..TRIES {
        let offset = BigInt::from(try_);
        let ways: &[i32] = if way == 0 { &[1, -1] } else { &[way] };
        for (slot, way) in ways.iter().enumerate() {
            let at = &start + BigInt::from(*way) * &offset;
            let beyond = least.as_ref().is_some_and(|least| at < *least) || most.as_ref().is_some_and(|most| at > *most);
            if beyond {
                if let Some(gone) = gone.get_mut(slot) {
                    *gone = true;
                }
                continue;
            }
            if let Some(value) = accepted(constraints, &(step * BigRational::from_integer(at))) {
                return Solution::Value(Rc::new(value));
            }
        }
        let both = gone.iter().zip(ways).all(|(gone, _)| *gone);
        if both {
            return Solution::Empty;
        }
    }
    Solution::Unknown("no multiple was found among the first thousands")
}

fn anywhere(constraints: &Constraints) -> Solution {
    if let (Some((least, least_out)), Some((most, most_out))) = (&constraints.least, &constraints.most) {
        if least > most || (least == most && (*least_out || *most_out)) {
            return Solution::Empty;
        }
        if least == most {
            return match accepted(constraints, least) {
                Some(value) => Solution::Value(Rc::new(value)),
                // The only number there is, and it was refused for a reason.
                None => Solution::Empty,
            };
        }
    }
    let bound = |bound: &Option<(BigRational, bool)>| bound.as_ref().map(|(bound, _)| bound.clone());
    let (least, most) = (bound(&constraints.least), bound(&constraints.most));
    let (low, high) = match (least, most) {
        (Some(low), Some(high)) => (low, high),
        (Some(low), None) => (low.clone(), low + BigInt::from(1_000)),
        (None, Some(high)) => (high.clone() - BigInt::from(1_000), high),
        (None, None) => (BigRational::from_integer(BigInt::from(-500)), BigRational::from_integer(BigInt::from(500))),
    };
    let zero = BigRational::zero();
    let near = [zero, one(), low.clone(), high.clone(), low.ceil(), high.floor(), low.floor() + one(), high.ceil() - one()];
    let halves = BigRational::new(BigInt::from(1), BigInt::from(2));
    let more = near.iter().map(|number| number + &halves);
    let found = near.iter().cloned().chain(more).find_map(|number| accepted(constraints, &number)).or_else(|| {
        // A stretch of numbers less some steps and some values still has numbers in it.
        let width = &high - &low;
        (1..TRIES).find_map(|part| {
            let at = &low + &width * BigRational::new(BigInt::from(part), BigInt::from(4_096));
            accepted(constraints, &at)
        })
    });
    match found {
        Some(value) => Solution::Value(Rc::new(value)),
        None => Solution::Unknown("no number was found between the bounds"),
    }
}
