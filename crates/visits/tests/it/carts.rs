//! What becomes of carts.

use afsa_model::{Decimal, Timestamp};
use afsa_visits::cart::{CartOutcome, CartStep, outcome};

use CartStep::{Add, Checkout, Order, Remove};

/// Steps at these times, in this order; a window that ends at 100.
fn check(steps: &[(i64, CartStep<&str>)], orders: &[i64], expect: [bool; 4]) {
    let steps_told = (0_u64..)
        .zip(steps)
        .map(|(sequence, (time, step))| ((Timestamp(*time), sequence), *step));
    let orders_told: Vec<_> = orders
        .iter()
        .map(|time| (Timestamp(*time), 1_000))
        .collect();
    let found = outcome(steps_told, &orders_told, Timestamp(100));
    let [had_cart, abandoned_cart, had_checkout, abandoned_checkout] = expect;
    let expect = CartOutcome {
        had_cart,
        abandoned_cart,
        had_checkout,
        abandoned_checkout,
    };
    assert_eq!(found, expect, "{steps:?} with orders at {orders:?}");
}

fn pieces(count: i32) -> Decimal {
    Decimal::from(count)
}

#[test]
fn a_cart_is_abandoned_that_holds_something_and_isnt_ordered() {
    check(&[], &[], [false; 4]);
    check(
        &[(1, Add("ball", pieces(1)))],
        &[],
        [true, true, false, false],
    );
    check(
        &[(1, Add("ball", pieces(1)))],
        &[1],
        [true, false, false, false],
    );
    check(
        &[(1, Add("ball", pieces(1)))],
        &[100],
        [true, false, false, false],
    );
    check(
        &[(1, Add("ball", pieces(1)))],
        &[101],
        [true, true, false, false],
    );
    check(
        &[(5, Add("ball", pieces(1)))],
        &[4],
        [true, true, false, false],
    );
}

#[test]
fn an_emptied_cart_is_not_abandoned() {
    let add = (1, Add("ball", pieces(2)));
    check(
        &[add, (2, Remove("ball", pieces(2)))],
        &[],
        [true, false, false, false],
    );
    check(
        &[add, (2, Remove("ball", pieces(9)))],
        &[],
        [true, false, false, false],
    );
    check(
        &[add, (2, Remove("ball", pieces(1)))],
        &[],
        [true, true, false, false],
    );
    check(
        &[add, (2, Remove("kite", pieces(2)))],
        &[],
        [true, true, false, false],
    );
}

#[test]
fn taking_out_what_isnt_there_makes_no_cart_and_no_debt() {
    check(&[(1, Remove("ball", pieces(5)))], &[], [false; 4]);
    let steps = [(1, Remove("ball", pieces(5))), (2, Add("ball", pieces(1)))];
    check(&steps, &[], [true, true, false, false]);
    check(&[(1, Add("ball", pieces(-1)))], &[], [false; 4]);
    check(&[(1, Add("ball", pieces(0)))], &[], [false; 4]);
}

#[test]
fn an_order_empties_the_cart_and_what_comes_after_is_another() {
    let bought = [(1, Add("ball", pieces(1))), (2, Order)];
    check(&bought, &[2], [true, false, false, false]);
    let again = [bought[0], bought[1], (3, Add("kite", pieces(1)))];
    check(&again, &[2], [true, true, false, false]);
    check(&again, &[2, 50], [true, false, false, false]);
}

#[test]
fn a_checkout_is_abandoned_without_an_order_after_it() {
    check(&[(1, Checkout)], &[], [false, false, true, true]);
    check(
        &[(1, Checkout), (9, Checkout)],
        &[5],
        [false, false, true, false],
    );
    check(&[(5, Checkout)], &[4], [false, false, true, true]);
    let whole = [(1, Add("ball", pieces(1))), (2, Checkout), (3, Order)];
    check(&whole, &[3], [true, false, true, false]);
}
