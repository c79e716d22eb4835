"""The vocabulary of the sample workspace: companies that do not exist and reasons that do."""

from __future__ import annotations

FIRST = (
    'Alder', 'Amber', 'Anchor', 'Ardent', 'Aspen', 'Atlas', 'Aurora', 'Bayside', 'Beacon', 'Birch', 'Bluebird',
    'Boreal', 'Bridgewater', 'Brook', 'Canyon', 'Cedar', 'Cinder', 'Clearwater', 'Cobalt', 'Compass', 'Copper', 'Coral',
    'Crescent', 'Delta', 'Drift', 'Eastgate', 'Elm', 'Ember', 'Evergreen', 'Fairfield', 'Falcon', 'Fern', 'Fjord',
    'Foxglove', 'Garnet', 'Granite', 'Greenway', 'Harbour', 'Hawthorn', 'Hazel', 'Heron', 'Highland', 'Horizon',
    'Indigo', 'Ivory', 'Juniper', 'Kestrel', 'Keystone', 'Lakeside', 'Larkspur', 'Linden', 'Lumen', 'Maple', 'Marble',
    'Meridian', 'Midland', 'Monarch', 'Northwind', 'Oakmont', 'Orchard', 'Osprey', 'Pinecrest', 'Quartz', 'Redwood',
    'Ridgeline', 'Sable', 'Silverline', 'Summit', 'Tidewater', 'Willow',
)  # fmt: skip

TRADES = (
    'Analytics', 'Apparel', 'Automotive', 'Bakeries', 'Books', 'Brewing', 'Care', 'Chemicals', 'Clinics',
    'Construction', 'Consulting', 'Dental', 'Design', 'Electronics', 'Energy', 'Engineering', 'Farms', 'Finance',
    'Fitness', 'Foods', 'Freight', 'Furniture', 'Hotels', 'Insurance', 'Labs', 'Legal', 'Logistics', 'Media', 'Optics',
    'Packaging', 'Pharma', 'Printing', 'Properties', 'Robotics', 'Shipping', 'Software', 'Studios', 'Textiles', 'Tools',
    'Travel',
)  # fmt: skip

FORMS = ('Ltd', 'Inc.', 'GmbH', 'Group', 'LLC', 'AG', 'BV', 'SAS', '& Sons', '& Co.', 'Partners')

STRUGGLING = frozenset({'Freight', 'Logistics', 'Packaging', 'Shipping', 'Travel'})
"""The trades whose customers have had bad days of late."""

RAISING = (
    '+Logins down', '+Support tickets up', '+Invoice overdue', '+Champion left', '+Fewer active seats',
    '+Month-to-month contract', '+Renewal within 30 days', '+Key feature unused', '+Plan downgraded',
    '+Low survey score',
)  # fmt: skip

LOWERING = (
    '-Annual contract', '-Seats added', '-Logins up', '-Long-standing customer', '-Integrations in use',
    '-Training attended', '-Paid on time', '-High survey score', '-Plan upgraded', '-Few support tickets',
)  # fmt: skip
