package org.clockwork.controller.schedule;

import java.util.Arrays;

/**
 * Devices that have nothing to execute and nothing that waits for them, looked through in turn. Joining and leaving cost
 * a constant. Owned by the controller agent.
 */
final class IdleDevices {
    private static final int NONE = -1;

    private DevicePlan[] devices = new DevicePlan[16];
    private int[] places = new int[16];
    private int size;
    private int cursor;

    IdleDevices() {
        Arrays.fill(places, NONE);
    }

    int size() {
        return size;
    }

    /** Another device than the last time, each in turn; there is one at least. */
    DevicePlan next() {
        cursor = cursor + 1 < size ? cursor + 1 : 0;
        return devices[cursor];
    }

    void add(final DevicePlan device) {
        if (device.slot >= places.length) {
            final int known = places.length;
            places = Arrays.copyOf(places, Math.max(device.slot + 1, known * 2));
            Arrays.fill(places, known, places.length, NONE);
            devices = Arrays.copyOf(devices, places.length);
        }
        if (places[device.slot] == NONE) {
            places[device.slot] = size;
            devices[size++] = device;
        }
    }

    void remove(final DevicePlan device) {
        final int place = device.slot < places.length ? places[device.slot] : NONE;
        if (place != NONE) {
            places[device.slot] = NONE;
            final DevicePlan moved = devices[--size];
            devices[size] = null;
            if (place != size) {
                devices[place] = moved;
                places[moved.slot] = place;
            }
        }
    }
}
