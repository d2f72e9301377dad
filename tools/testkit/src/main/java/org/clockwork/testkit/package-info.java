/** What tests of several modules share: a manual clock and a count of allocation. */
package org.clockwork.testkit;
