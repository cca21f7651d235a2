"""Calls a running service with OpenCV FR's published Python client, unmodified: every call it has.

    pip install opencv-face-recognition==1.1.1
    python scripts/check_opencv_sdk.py URL API_KEY

URL is where the service listens, API_KEY a token of a project of its own (the script deletes what it makes).
The pictures are those of samples/. Prints one line a call and ends with a failure where one is not as expected.
"""

import sys
from datetime import datetime
from pathlib import Path

import cv2
from opencv.fr import FR
from opencv.fr.api_error import APIDataValidationError, APIError
from opencv.fr.collections.schemas import CollectionBase, UpdateCollectionRequest
from opencv.fr.compare.schemas import CompareLiveRequest, CompareRequest
from opencv.fr.liveness.schemas import LivenessRequest
from opencv.fr.persons.schemas import (
    Action,
    PersonBase,
    PersonGender,
    PersonOrderBy,
    UpdatePersonsRequest,
)
from opencv.fr.schemas import SortOrder
from opencv.fr.search.schemas import (
    DetectionRequest,
    SearchLiveFaceRequest,
    SearchOptions,
    SearchRequest,
    VerificationRequest,
)

SAMPLES = Path(__file__).resolve().parent.parent / "samples"


def frame(name):
    """A frame from the middle of a sample's video."""
    video = cv2.VideoCapture(str(SAMPLES / name))
    video.set(cv2.CAP_PROP_POS_FRAMES, int(video.get(cv2.CAP_PROP_FRAME_COUNT)) // 2)
    found, image = video.read()
    assert found, name
    return image


def say(call, what):
    print(f"{call:38} {what}")


def refused(call, error, action):
    """The call is refused with the code."""
    try:
        action()
    except APIError as refusal:
        assert refusal.err_code == error, (call, refusal.err_code, refusal.messsage)
        say(call, f"{refusal.http_status_code} {refusal.err_code}: {refusal.messsage}")
    else:
        raise AssertionError(f"{call} was not refused")


def live(call, action):
    """A score, or the dialect's own word for a pack that is not installed."""
    try:
        say(call, action())
    except APIError as refusal:
        assert refusal.err_code == "LICENSE_ERROR", (call, refusal.err_code, refusal.messsage)
        say(call, f"{refusal.http_status_code} {refusal.err_code}: {refusal.messsage}")


def main(url, key):
    sdk = FR(url, key)
    one = str(SAMPLES / "genuine/document.jpg")
    again = frame("genuine/video.mp4")
    other = str(SAMPLES / "another-card/document.jpg")

    staff = sdk.collections.create(CollectionBase("sdk staff", "made by the check"))
    say("collections.create", staff)
    guests = sdk.collections.create(CollectionBase("sdk guests"))
    assert guests.description is None and guests.count == 0
    refused("collections.create, taken", "ERR_ALREADY_EXISTS",
            lambda: sdk.collections.create(CollectionBase("sdk guests")))
    staff.description = "changed"
    staff = sdk.collections.update(staff)
    assert staff.description == "changed"
    say("collections.update", staff.description)
    assert sdk.collections.get(staff.id).name == "sdk staff"
    say("collections.get", staff.id)
    listed = sdk.collections.list(0, 1, SortOrder.DESC, "sdk")
    assert listed.count == 2 and [c.name for c in listed.collections] == ["sdk staff"]
    say("collections.list", f"{len(listed.collections)} of {listed.count}")

    person = sdk.persons.create(PersonBase(
        [one], id="sdk-1", name="First", gender=PersonGender.M, date_of_birth=datetime(1961, 8, 4),
        nationality="US", collections=[staff], notes="a note"))
    assert person.date_of_birth == datetime(1961, 8, 4) and person.gender == PersonGender.M
    assert [c.id for c in person.collections] == [staff.id] and person.collections[0].count == 1
    say("persons.create", f"{person.id}, thumbnail of {person.get_image(0).size}")
    second = sdk.persons.create(PersonBase([other]))
    assert second.name is None and second.collections == []
    say("persons.create, an image alone", second.id)
    refused("persons.create, taken", "ERR_ALREADY_EXISTS",
            lambda: sdk.persons.create(PersonBase([one], id="sdk-1")))
    person = sdk.persons.get("sdk-1")
    person.name = "Changed"
    person.gender = None
    person.collections = [staff, guests]
    person = sdk.persons.update(person)
    assert person.name == "Changed" and person.gender is None and len(person.collections) == 2
    assert person.notes == "a note"
    say("persons.update", f"{person.name}, in {len(person.collections)} collections")
    person.images = [again]
    person = sdk.persons.update(person)
    say("persons.update, images", person.get_image(0).size)
    for by in PersonOrderBy:
        listed = sdk.persons.list(0, 10, by, SortOrder.DESC, None)
        assert listed.count == 2 and len(listed.persons) == 2, by
    assert sdk.persons.list(search="chang").count == 1
    say("persons.list", "in every order")

    moved = sdk.collections.update_collection_persons(
        UpdateCollectionRequest(guests.id, [second.id], ["sdk-1"]))
    assert moved.new_person_ids == [second.id] and moved.removed_person_ids == ["sdk-1"]
    say("collections.update_collection_persons", moved)

    score = sdk.compare.compare_image_sets(CompareRequest([one], [again]))
    apart = sdk.compare.compare_image_sets(CompareRequest([one], [other]))
    assert score > 0.7 > apart, (score, apart)
    say("compare.compare_image_sets", f"{score} one person, {apart} two")
    found = sdk.search.search(SearchRequest([one]))
    assert [f.person.id for f in found] == ["sdk-1"], found
    say("search.search", f"{found[0].person.id} {found[0].score:.4f}")
    assert sdk.search.search(SearchRequest([one], collection_id=guests.id)) == []
    say("search.search, another collection", "nobody")
    found = sdk.search.search_crops(SearchRequest([one], collection_id=staff.id))
    assert [f.person.id for f in found] == ["sdk-1"]
    say("search.search_crops", f"{found[0].score:.4f}")
    verified = sdk.search.verify(VerificationRequest("sdk-1", [one]))
    assert verified.person.id == "sdk-1"
    say("search.verify", f"{verified.person.id} {verified.score:.4f}")
    assert sdk.search.verify(VerificationRequest("sdk-1", [other])).person is None
    say("search.verify, somebody else", "nobody")
    faces = sdk.search.detect(DetectionRequest(one, SearchOptions()))
    assert any(f.persons and f.persons[0].person.id == "sdk-1" for f in faces)
    say("search.detect", [(f.box, round(f.detection_score, 4), len(f.persons)) for f in faces])
    # Its face is a little smaller than a liveness check asks for.
    large = cv2.resize(again, None, fx=1.5, fy=1.5)
    live("liveness.check_liveness", lambda: sdk.liveness.check_liveness(LivenessRequest(large)))
    live("compare.compare_live_face",
         lambda: sdk.compare.compare_live_face(CompareLiveRequest([one], large)).to_dict())
    live("search.search_live_face",
         lambda: sdk.search.search_live_face(SearchLiveFaceRequest(large)))

    refused("persons.get, unknown", "ERR_NOT_FOUND", lambda: sdk.persons.get("nobody"))
    refused("a wrong key", "ERR_API_KEY_NOT_VALID",
            lambda: FR(url, "wrong").persons.get("sdk-1"))
    try:
        sdk.persons.create(PersonBase([one], id="k" * 300))
    except APIDataValidationError as refusal:
        say("persons.create, a long id", refusal.details)
    else:
        raise AssertionError("a long id was taken")

    gone = sdk.persons.update_persons(UpdatePersonsRequest(Action.DELETE, [second.id]))
    assert gone.person_ids == [second.id]
    say("persons.update_persons", gone)
    sdk.persons.delete("sdk-1")
    say("persons.delete", "sdk-1")
    for collection in (staff, guests):
        sdk.collections.delete(collection.id)
    assert sdk.collections.list(search="sdk").count == 0
    say("collections.delete", "both")
    print("every call is answered as the client expects")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
