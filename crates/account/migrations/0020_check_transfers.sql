-- Which of these transfers are not in the ledger, or are otherwise. Each costs one look-up by id, whatever the plan was made
-- for: hence no sequential scans. A refund that is not there is as it should be where its stake was never taken and is refused
-- for good: nothing was to move.
CREATE FUNCTION check_transfers(
    transfer_ids uuid[], kinds transfer_kind[], account_ids uuid[], market_ids uuid[], bet_ids uuid[],
    amounts bigint[], fingerprints bytea[], closes_ids uuid[]
) RETURNS TABLE (
    index int, present boolean, transfer_id uuid, kind transfer_kind, account_id uuid, market_id uuid, bet_id uuid,
    points bigint, fingerprint bytea, closes_transfer_id uuid
)
LANGUAGE sql STABLE SET enable_seqscan = off SET jit = off AS $$
    SELECT i.place::int - 1, t.transfer_id IS NOT NULL, i.transfer_id, t.kind, t.account_id, t.market_id, t.bet_id,
        t.points, t.fingerprint, t.closes_transfer_id
    FROM unnest(transfer_ids, kinds, account_ids, market_ids, bet_ids, amounts, fingerprints, closes_ids) WITH ORDINALITY
        AS i (transfer_id, kind, account_id, market_id, bet_id, points, fingerprint, closes_transfer_id, place)
    LEFT JOIN LATERAL (SELECT * FROM transfers WHERE transfers.transfer_id = i.transfer_id LIMIT 1) t ON true
    WHERE (t.kind, t.account_id, t.market_id, t.bet_id, t.points, t.fingerprint, t.closes_transfer_id)
        IS DISTINCT FROM (i.kind, i.account_id, i.market_id, i.bet_id, i.points, i.fingerprint, i.closes_transfer_id)
        AND NOT (t.transfer_id IS NULL AND i.kind IN ('cancel', 'void', 'tombstone')
            AND EXISTS (SELECT FROM refused_stakes r WHERE r.transfer_id = i.closes_transfer_id)
            AND NOT EXISTS (SELECT FROM transfers s WHERE s.transfer_id = i.closes_transfer_id))
    ORDER BY i.place
$$;
