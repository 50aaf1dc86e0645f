//! The routes, driven in process over a store in memory.

mod access;
mod accounts;
mod app;
mod attribution;
mod batch;
mod carts;
mod checkout;
mod collecting;
mod contract;
mod credentials;
mod customers;
mod demo;
mod document;
mod oauth;
mod orders;
mod pages;
mod people;
mod problems;
mod products;
mod promise;
mod rates;
mod shop;
mod stats;
mod tables;
mod ways;
